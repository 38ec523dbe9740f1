-- Prefect keeps its runs apart from the catalog.
CREATE DATABASE prefect;

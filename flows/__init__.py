"""The studio order: Prefect flows that bring campaigns of forms to their pictures."""

"""What is wrong in a form sheet, cell by cell, and what could be read from it."""

from pydantic import Field

from schemas import ProductForm, Schema

Facts = tuple[tuple[str, str], ...]
"""What a problem's sentence names, by name; a tuple, because problems are put into sets."""


class CellProblem(Schema):
    """One cell that cannot be used, and what would be right."""

    file: str
    row: int = Field(ge=1)
    """Row number as the spreadsheet shows it (the header is row 1); line number in JSON lines."""
    column: str
    """The header as it is written in the file."""
    value: str
    """The start of the cell's text; empty when the cell is."""
    problem: str
    fix: str
    code: str = ""
    """What kind of problem it is, for those who say it in another language; empty where only this says it."""
    facts: Facts = ()
    """What that sentence names, by name."""
    stops: bool = True
    """Whether the row gives no pictures; else the cell is only something to look at."""

    @property
    def sentence(self) -> str:
        """Say file, row, column, value, what is wrong and what would be right in one sentence."""
        subject = f'"{self.value}" ' if self.value else ""
        return f"{self.file} row {self.row}, column {self.column}: {subject}{self.problem}; {self.fix}"


class FormSheet(Schema):
    """The forms of one file, the row each came from, and the problems of the rows that gave none."""

    file: str
    forms: tuple[ProductForm, ...]
    rows: tuple[int, ...]
    """Row number of each form."""
    problems: tuple[CellProblem, ...]
    row_count: int = Field(ge=1)
    """Rows with data, whether they gave a form or not."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Field of the form to the header that the file gives it."""


class SheetCells(Schema):
    """A form file's cells as text, without a column of problems that it may have had."""

    file: str
    header_row: int
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """Each row's number, and its cells; as many as the header has."""

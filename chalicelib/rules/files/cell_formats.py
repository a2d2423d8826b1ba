"""How every workbook of ours looks: number formats, the row of heads; and that no text is run."""

from collections.abc import Mapping
from typing import Any

COUNT = "#,##0"
AMOUNT = "#,##0.0#"
PERCENT = '0.00"%"'  # of hundredth parts: 98.53 is shown as 98,53%
DAY = "dd/mm/yyyy"
MOMENT = "dd/mm/yyyy hh:mm"
TEXT = "@"

HEAD: Mapping[str, Any] = {"bold": True, "bottom": 1, "bg_color": "#E8EEF4"}
TALL_HEAD: Mapping[str, Any] = {**HEAD, "text_wrap": True, "valign": "top"}

# What xlsxwriter makes of a text that begins like a formula, a link or a number: a text.
INERT: Mapping[str, Any] = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
# A row leaves the memory when the next one of its sheet begins.
ROW_BY_ROW: Mapping[str, Any] = {**INERT, "constant_memory": True}
IN_MEMORY: Mapping[str, Any] = {**INERT, "in_memory": True}

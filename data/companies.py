"""Companies among the assets of a city."""

from __future__ import annotations

from data.pool import Pool
from data.statements import sql


async def find_company(pool: Pool, city_id: int, code: str) -> int | None:
    """Return the asset id of the company of that code; None when there is none.

    It reads for the program itself, before it is known who asks: nothing of the company leaves it but its number.
    """
    found: int | None = await pool.fetchval(sql("company_find"), city_id, code)
    return found

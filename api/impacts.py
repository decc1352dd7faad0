"""Findings as other rooms import them; the answers themselves live in `api/tracing`."""

from __future__ import annotations

from api.tracing.findings import Answer, FindingModel, visible_findings

__all__ = ["Answer", "FindingModel", "visible_findings"]

"""City gas, hazards, findings, accidents and no-burn zones on the map."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenViewer

LAYERS = (
    "gas-pipe",
    "gas-gas_station",
    "safety-hazard",
    "safety-hazard_source",
    "safety-patrol_finding",
    "safety-accident",
    "no-burn-in_force-fill",
    "no-burn-key_control-fill",
    "no-burn-no_burn_zone",
)


@pytest.mark.parametrize(
    ("lang", "texts"), [("zh", ("燃气管线", "风险隐患", "已生效")), ("en", ("gas pipe", "hazard", "in force"))]
)
def test_each_layer_draws_what_the_sample_has_and_the_legend_names_it(
    viewer: OpenViewer, lang: str, texts: tuple[str, ...]
) -> None:
    with viewer(1440, 900) as shown:
        shown.open(f"/?city=1&lang={lang}&layers=base,network,gas,no-burn,safety&lon=125.297&lat=43.853&z=13.4")
        shown.still()
        for layer in LAYERS:
            assert shown.look(f"window.__ht.map.queryRenderedFeatures({{layers: ['{layer}']}}).length") > 0, layer
        legend = shown.page.locator(".legend").inner_text()
        assert all(text in legend for text in texts)
        shown.assert_clean()

import { useState } from "react";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { PressureLineChart } from "./PressureLineChart";
import { useAsset, useVisit } from "./planning";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";
import type { ZoneLine, Zones } from "./whatIf";

/** The pressure line of the last scheduled solve, to the worst station or to the selected one. */
export function PresentLine() {
  const t = useText();
  const { planning } = useParts();
  const zone = useApp((state) => state.view.work.zone);
  const selected = useApp((state) => arrived(state.asset));
  const zones = useAnswer<Zones>("zones", () => planning.get<Zones>("/zones"));
  const known = arrived(zones)?.zones.find(({ source_id }) => String(source_id) === zone);
  const [own, setOwn] = useState(false);
  const station = own && selected?.kind === "substation" ? selected.asset_id : null;
  const line = useAnswer<ZoneLine>(zone === undefined || !known?.stations ? null : `line ${zone} ${station}`, () =>
    planning.get<ZoneLine>(`/zones/${zone}/line`, station === null ? {} : { station_id: station }),
  );
  if (zone === undefined || zones.state !== "ready") return null;
  if (!known?.stations) return <p className="note">{t("whatif.line.none")}</p>;
  const found = arrived(line);
  return (
    <section aria-label={t("whatif.line.title")}>
      <h3>{t("whatif.line.title")}</h3>
      <RemoteNote remote={line} />
      {found !== null && (
        <>
          <StationName id={found.station_id} />
          <PressureLineChart points={found.points} />
        </>
      )}
      {selected?.kind === "substation" && (
        <button type="button" className="more" aria-pressed={own} onClick={() => setOwn(!own)}>
          {t(own ? "whatif.line.toWorst" : "whatif.line.toSelected")}
        </button>
      )}
    </section>
  );
}

/** The station at the end of a pressure line. */
export function StationName({ id }: { id: number }) {
  const t = useText();
  const visit = useVisit();
  const asset = arrived(useAsset(id));
  const name = asset === null ? `#${id}` : asset.name || asset.code;
  return (
    <p className="note">
      {t("whatif.line.to")}{" "}
      <button type="button" className="link" onClick={() => visit(id, asset?.position)}>
        {name}
      </button>
    </p>
  );
}

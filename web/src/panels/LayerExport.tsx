import { AutoComplete, Select } from "antd";
import { useState } from "react";
import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { kindsOf } from "./contents";
import { useAnswer } from "./useAnswer";

const FORMATS = ["gpkg", "parquet", "csv", "xlsx"] as const;
/** Names of the registry that stand for others: `epsg:N`, `local(NAME)`. */
const EXAMPLES = /N$|NAME/;

export interface File {
  label: string;
  path: string;
  query: Record<string, string | number | readonly string[] | undefined>;
}

/** Files to be taken away; one that cannot be made says why. */
export function Files({ title, files }: { title: string; files: readonly File[] }) {
  const t = useText();
  const { desk } = useParts();
  const [busy, setBusy] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  async function save(file: File): Promise<void> {
    setBusy(file.label);
    setFailure(null);
    try {
      await desk.save(file.path, file.query);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(null);
    }
  }
  return (
    <>
      <p className="exports">
        <span>{title}</span>
        {files.map((file) => (
          <button
            key={file.label}
            type="button"
            className="more"
            disabled={busy !== null}
            onClick={() => void save(file)}
          >
            {busy === file.label ? t("export.busy") : file.label}
          </button>
        ))}
      </p>
      {failure !== null && (
        <p className="failed" role="alert">
          {failure}
        </p>
      )}
    </>
  );
}

/** A kind of asset as a file, in any datum of the registry; the ledger entry comes with it. */
export function LayerExport() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const contents = useApp((state) => state.contents);
  const work = useApp((state) => state.view.work);
  const { desk } = useParts();
  const [layer, setLayer] = useState("pipe");
  const [datum, setDatum] = useState("wgs84");
  const found = useAnswer("datums", () => desk.datums());
  const fitted = useAnswer("grids", () => desk.grids());
  const held = arrived(contents);
  const kinds = held === null ? [] : kindsOf(held);
  const options = (kinds.length === 0 ? ["pipe"] : kinds.map(({ kind }) => kind)).map((value) => ({
    value,
    label: kindName(lang, value, kinds.find(({ kind }) => kind === value)?.name_zh),
  }));
  const names = [
    ...(arrived(found)?.datums ?? []).map(({ name }) => name).filter((name) => !EXAMPLES.test(name)),
    ...(arrived(fitted)?.grids ?? []).map((grid) => grid.datum),
  ];
  const query = { datum, area_id: work.area, company_id: work.company };
  const files = FORMATS.map((format) => ({ label: t(`export.${format}`), path: `/export/${layer}.${format}`, query }));
  return (
    <section className="layer-export" aria-label={t("export.layer")}>
      <h3>{t("export.layer")}</h3>
      <div className="owner-filter">
        <Select
          size="small"
          showSearch={{ optionFilterProp: "label" }}
          aria-label={t("export.kind")}
          value={layer}
          options={options}
          onChange={setLayer}
        />
        <AutoComplete
          size="small"
          aria-label={t("export.datum")}
          value={datum}
          options={names.map((value) => ({ value }))}
          onChange={setDatum}
        />
      </div>
      <Files title="" files={files} />
    </section>
  );
}

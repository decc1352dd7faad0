import type { ReactNode } from "react";
import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { RemoteNote } from "./RemoteNote";
import { useFlowLine } from "./SolvedFacts";

/** What a tool asks about: the selected asset, with the way to it and to its details; how to select one otherwise. */
export function Subject({ children }: { children?: ReactNode }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { controller, desk } = useParts();
  const selected = useApp((state) => state.view.selected);
  const asset = useApp((state) => state.asset);
  const details = useApp((state) => state.view.work.details !== undefined);
  const flow = useFlowLine(arrived(asset));
  if (selected === null) return <p className="empty">{t("subject.none")}</p>;
  if (asset.state !== "ready") return <RemoteNote remote={asset} />;
  const { name, code, kind, kind_zh } = asset.value;
  return (
    <section className="subject" aria-label={t("subject.title")}>
      <button type="button" className="row-main" onClick={() => void controller.visitAsset(selected)}>
        <span className="row-text">
          <strong>{name || code}</strong>
          <span className="row-detail">{[kindName(lang, kind, kind_zh), code].filter(Boolean).join(" · ")}</span>
          {flow !== null && <span className="row-detail flow-line">{flow}</span>}
        </span>
      </button>
      <button
        type="button"
        className="more"
        aria-pressed={details}
        onClick={() => desk.set({ details: details ? null : "1" })}
      >
        {t("subject.details")}
      </button>
      <button type="button" className="more" aria-label={t("subject.clear")} onClick={() => controller.select(null)}>
        ✕
      </button>
      {children}
    </section>
  );
}

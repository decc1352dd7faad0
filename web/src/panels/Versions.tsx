import type { Finding } from "../api/planner";
import { useText } from "../i18n/hooks";
import { useVisit } from "./planning";

/** Which picture an answer was computed on, how it was found, and what is wrong around it. */
export function Versions(props: {
  network: number;
  valve: number;
  methods?: readonly string[];
  findings?: readonly Finding[];
}) {
  const t = useText();
  const visit = useVisit();
  const { network, valve, methods = [], findings = [] } = props;
  return (
    <>
      {findings.length > 0 && (
        <details className="ids">
          <summary>{t("trace.findings", { count: findings.length })}</summary>
          <ul className="note">
            {findings.map((finding) => (
              <li key={`${finding.rule} ${finding.asset_ids.join()}`}>
                <button
                  type="button"
                  className="link"
                  onClick={() => finding.asset_ids[0] !== undefined && visit(finding.asset_ids[0], finding.position)}
                >
                  {finding.message}
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
      {methods.length > 0 && (
        <details className="ids">
          <summary>{t("trace.methods")}</summary>
          {methods.map((text) => (
            <p key={text} className="note">
              {text}
            </p>
          ))}
        </details>
      )}
      <p className="note">{t("impact.versions", { network, valve })}</p>
    </>
  );
}

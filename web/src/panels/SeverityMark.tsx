import type { Severity } from "../api/records";
import { useText } from "../i18n/hooks";
import { problemAddress } from "../map/icons";

/** Severity by shape and colour, with its name for those who see neither. */
export function SeverityMark({ severity }: { severity: Severity }) {
  const t = useText();
  return <img className="sign" src={problemAddress(severity)} alt={t(`severity.${severity}`)} />;
}

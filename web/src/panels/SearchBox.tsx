import { AutoComplete, Input } from "antd";
import { useRef, useState } from "react";
import type { AssetItem } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import { useApp, useParts } from "../state/context";

const DELAY_MS = 250;

/** Finds assets by name or code and goes there. */
export function SearchBox() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { controller } = useParts();
  const [text, setText] = useState("");
  const [found, setFound] = useState<AssetItem[] | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef("");

  async function ask(wanted: string): Promise<void> {
    const answer = await controller.search(wanted).catch(() => ({ total: 0, items: [] }));
    // an answer to an older text must not replace a newer one
    if (latest.current === wanted) setFound(answer.items);
  }

  function change(next: string): void {
    setText(next);
    latest.current = next.trim();
    clearTimeout(timer.current);
    if (latest.current === "") setFound(null);
    else timer.current = setTimeout(() => void ask(latest.current), DELAY_MS);
  }

  function choose(assetId: string): void {
    const item = found?.find((one) => String(one.asset_id) === assetId);
    if (item === undefined) return;
    setText(item.name || item.code);
    controller.visit(item.asset_id, item.position);
  }

  const options = (found ?? []).map((item) => ({
    value: String(item.asset_id),
    label: (
      <span className="found">
        <b>{item.name || item.code}</b>
        <small>
          {kindName(lang, item.kind)} · {item.code}
        </small>
      </span>
    ),
  }));
  return (
    <AutoComplete
      className="search"
      value={text}
      options={options}
      onChange={(next: string) => {
        // choosing an option also "changes" the text, to the option's id
        if (!options.some((option) => option.value === next)) change(next);
      }}
      onSelect={choose}
      notFoundContent={found === null ? null : t("search.none")}
    >
      <Input.Search placeholder={t("search.placeholder")} aria-label={t("search.placeholder")} allowClear />
    </AutoComplete>
  );
}

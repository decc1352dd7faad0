import { useCallback } from "react";
import { useApp } from "../state/context";
import { type Translate, translate } from "./text";

/** The texts of the page's language. */
export function useText(): Translate {
  const lang = useApp((state) => state.view.lang);
  return useCallback<Translate>((key, values) => translate(lang, key, values), [lang]);
}

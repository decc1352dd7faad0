import { useEffect, useRef, useState } from "react";
import { useApp } from "../state/context";
import { failed, LOADING, type Remote, ready } from "../state/remote";

/** What `ask` answers, asked again every so often; what was here stays until the new answer comes. Nobody asks in a hidden page. */
export function usePolled<T>(key: string, everyMs: number, ask: () => Promise<T>): Remote<T> {
  const city = useApp((state) => state.view.city);
  const [found, setFound] = useState<{ key: string; remote: Remote<T> }>({ key: "", remote: LOADING });
  const asking = useRef(ask);
  asking.current = ask;
  const whole = city === null ? "" : `${city} ${key}`;
  useEffect(() => {
    if (whole === "") return;
    let left = false;
    const look = () => {
      if (document.hidden) return;
      asking.current().then(
        (value) => !left && setFound({ key: whole, remote: ready(value) }),
        (error: Error) => !left && setFound({ key: whole, remote: failed(error.message) }),
      );
    };
    look();
    const timer = setInterval(look, everyMs);
    document.addEventListener("visibilitychange", look);
    return () => {
      left = true;
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [whole, everyMs]);
  return found.key === whole ? found.remote : LOADING;
}

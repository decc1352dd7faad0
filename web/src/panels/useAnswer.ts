import { useEffect, useRef, useState } from "react";
import { useApp } from "../state/context";
import { failed, LOADING, type Remote, ready } from "../state/remote";

/**
 * What `ask` answers, asked again for another key or city, and after every change of the archive. What was here stays until
 * the new answer comes, except for another key. Nothing is asked while the key is null.
 */
export function useAnswer<T>(key: string | null, ask: () => Promise<T>): Remote<T> {
  const city = useApp((state) => state.view.city);
  const revision = useApp((state) => state.archiveRevision);
  const [found, setFound] = useState<{ key: string | null; remote: Remote<T> }>({ key: null, remote: LOADING });
  const asking = useRef(ask);
  asking.current = ask;
  const whole = key === null || city === null ? null : `${city} ${key}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the revision asks again
  useEffect(() => {
    if (whole === null) return;
    let left = false;
    asking.current().then(
      (value) => !left && setFound({ key: whole, remote: ready(value) }),
      (error: Error) => !left && setFound({ key: whole, remote: failed(error.message) }),
    );
    return () => {
      left = true;
    };
  }, [whole, revision]);
  return found.key === whole ? found.remote : LOADING;
}

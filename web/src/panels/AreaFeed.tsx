import { useEffect } from "react";
import { useApp, useParts } from "../state/context";
import { rolloutChoice } from "../state/rolloutMap";

/** Asks for what the map of the rollout shows beside its tiles, as long as a layer wants it. */
export function AreaFeed() {
  const city = useApp((state) => state.view.city);
  const projects = useApp((state) => state.view.layers.includes("rollout-projects"));
  const signedIn = useApp((state) => state.tilesets.state === "ready");
  return city !== null && signedIn && projects ? <ProjectPoints key={city} /> : null;
}

function ProjectPoints() {
  const { desk } = useParts();
  const district = useApp((state) => rolloutChoice(state.view.work).district);
  const revision = useApp((state) => state.archiveRevision);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of the archive asks again
  useEffect(() => {
    let left = false;
    desk.projectPoints({ area: district }).then(
      (projects) => !left && desk.setRolloutMap({ projects }),
      // a seat that may not see projects has none to show
      () => !left && desk.setRolloutMap({ projects: null }),
    );
    return () => {
      left = true;
    };
  }, [desk, district, revision]);
  return null;
}

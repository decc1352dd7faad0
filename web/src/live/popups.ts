import { type Popup, streamAddress } from "../api/notices";

/** Listen to what pops up; the browser comes back by itself after a lost connection and goes on where it was. */
export function listenToPopups(city: number, tell: (message: Popup, fresh: boolean) => void): () => void {
  const source = new EventSource(streamAddress(city));
  const hear = (event: MessageEvent<string>) => tell(JSON.parse(event.data) as Popup, event.type === "notice");
  source.addEventListener("open", (event) => {
    // the connection's own event has the same name and no data
    if (event instanceof MessageEvent) hear(event as MessageEvent<string>);
  });
  source.addEventListener("notice", hear as EventListener);
  return () => source.close();
}

import { alarmDesk } from "./alarmDesk";
import { archive } from "./archive";
import { arrivals } from "./arrivals";
import { common } from "./common";
import { globe } from "./globe";
import { incidents } from "./incidents";
import { map } from "./map";
import { network } from "./network";
import { notices } from "./notices";
import { overview } from "./overview";
import { quality } from "./quality";
import { rolloutLive } from "./rolloutLive";
import { rolloutMap } from "./rolloutMap";
import { rolloutPanels } from "./rolloutPanels";
import { rolloutReport } from "./rolloutReport";
import { services } from "./services";
import { solving } from "./solving";
import { under } from "./under";
import { view3d } from "./view3d";

/** Texts of the page in Chinese; the keys every language must have. */
export const zh = {
  ...common,
  ...map,
  ...overview,
  ...network,
  ...solving,
  ...archive,
  ...services,
  ...arrivals,
  ...quality,
  ...incidents,
  ...notices,
  ...alarmDesk,
  ...view3d,
  ...under,
  ...globe,
  ...rolloutMap,
  ...rolloutPanels,
  ...rolloutReport,
  ...rolloutLive,
} as const;

export type TextKey = keyof typeof zh;

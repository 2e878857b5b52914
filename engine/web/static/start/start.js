/** The first page, in the reader's language; without script it stands as it is written, in English. */

import { languagePicker, load } from "../lib/i18n.js";

await load("start");
document.getElementById("language").append(languagePicker());

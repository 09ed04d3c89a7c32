/**
 * Every word of the page in English and French, by id. `{name}` stands for a
 * value. Units, times and numbers come from `numbers.js`.
 *
 * Longer than other files since it is one table and nothing else.
 *
 * @module
 */

/** The table. */
export const words = {
  "skip": { en: "Skip to content", fr: "Aller au contenu" },
  "waiting": { en: "Asking the agent…", fr: "Interrogation de l’agent…" },
  "facts.more": { en: "In detail", fr: "En détail" },
  "never": { en: "not yet", fr: "pas encore" },
  "yes": { en: "yes", fr: "oui" },
  "no": { en: "no", fr: "non" },

  "top.about": {
    en: "dash7-edge {version}, running for {uptime}",
    fr: "dash7-edge {version}, en marche depuis {uptime}",
  },
  "clock.set": {
    en: "{time}, clock synchronised",
    fr: "{time}, horloge synchronisée",
  },
  "clock.unset": {
    en: "{time}, clock not synchronised",
    fr: "{time}, horloge non synchronisée",
  },
  "nav.label": { en: "Views", fr: "Vues" },
  "nav.overview": { en: "Overview", fr: "Vue d’ensemble" },
  "nav.live": { en: "Live frames", fr: "Trames en direct" },
  "choice.language": { en: "Language", fr: "Langue" },
  "choice.theme": { en: "Colours", fr: "Couleurs" },
  "theme.system": { en: "System colours", fr: "Couleurs du système" },
  "theme.light": { en: "Light", fr: "Clair" },
  "theme.dark": { en: "Dark", fr: "Sombre" },
  "nowhere.title": {
    en: "There is no such view",
    fr: "Cette vue n’existe pas",
  },
  "nowhere.back": { en: "To the overview", fr: "Vers la vue d’ensemble" },

  "lost.since": {
    en:
      "The agent has not answered since {since}. What is shown here is old. Trying again.",
    fr:
      "L’agent ne répond plus depuis {since}. Ce qui est affiché est ancien. Nouvel essai en cours.",
  },
  "lost.token": {
    en: "This agent answers only to those who have its token.",
    fr: "Cet agent ne répond qu’à ceux qui ont son jeton.",
  },
  "token.title": { en: "Token needed", fr: "Jeton requis" },
  "token.why": {
    en:
      "This agent asks for the token of section [http] of its configuration. It is kept until this tab is closed.",
    fr:
      "Cet agent demande le jeton de la section [http] de sa configuration. Il est gardé jusqu’à la fermeture de cet onglet.",
  },
  "token.refused": {
    en:
      "The token was not accepted. Look at section [http] of the configuration.",
    fr:
      "Le jeton n’a pas été accepté. Vérifiez la section [http] de la configuration.",
  },
  "token.label": { en: "Token", fr: "Jeton" },
  "token.use": { en: "Use", fr: "Utiliser" },
  "token.cancel": { en: "Cancel", fr: "Annuler" },
  "token.enter": { en: "Enter the token", fr: "Saisir le jeton" },

  "copy.do": { en: "Copy", fr: "Copier" },
  "copy.done": { en: "Copied", fr: "Copié" },
  "copy.marked": {
    en: "Marked: press Ctrl+C",
    fr: "Sélectionné : Ctrl+C",
  },

  "problems.title": { en: "Problems", fr: "Problèmes" },
  "problems.none": { en: "No problem found", fr: "Aucun problème détecté" },
  "problems.error": { en: "Error", fr: "Erreur" },
  "problems.warning": { en: "Warning", fr: "Attention" },
  "problems.since": { en: "since {time}", fr: "depuis {time}" },
  "problems.which": { en: "Which ones", fr: "Lesquels" },

  "path.title": { en: "From port to sinks", fr: "Du port aux destinations" },
  "serial.title": { en: "Port and modem", fr: "Port et modem" },
  "serial.up": { en: "Up", fr: "En service" },
  "serial.asking": { en: "Asking the modem", fr: "Interrogation du modem" },
  "serial.down": { en: "Down", fr: "Hors service" },
  "serial.port": { en: "Port", fr: "Port" },
  "serial.modem": { en: "Modem", fr: "Modem" },
  "serial.no_modem": { en: "not identified", fr: "non identifié" },
  "serial.firmware": { en: "Firmware", fr: "Logiciel" },
  "serial.frames": { en: "Frames", fr: "Trames" },
  "serial.last": { en: "Last frame", fr: "Dernière trame" },
  "serial.checksums": { en: "Bad checksums", fr: "Sommes fausses" },
  "serial.lost": { en: "Lost frames", fr: "Trames perdues" },
  "serial.discarded": { en: "Discarded", fr: "Octets écartés" },
  "outbox.title": { en: "Outbox", fr: "File d’envoi" },
  "outbox.writable": { en: "Writable", fr: "En service" },
  "outbox.filling": { en: "Filling up", fr: "Se remplit" },
  "outbox.unwritable": { en: "Not writable", fr: "Écriture impossible" },
  "outbox.lasts": {
    en: "An outage may last {time}",
    fr: "Une panne peut durer {time}",
  },
  "outbox.lasts_unknown": {
    en: "How long an outage may last is not known yet",
    fr: "La durée de panne possible n’est pas encore connue",
  },
  "outbox.fill": { en: "Taken by what waits", fr: "Pris par l’attente" },
  "outbox.size": { en: "Size, most", fr: "Taille, maximum" },
  "outbox.disk": { en: "Free on disk", fr: "Libre sur disque" },
  "outbox.hour": { en: "Readings an hour", fr: "Relevés par heure" },
  "outbox.hour_soon": { en: "known in a minute", fr: "connu dans une minute" },
  "outbox.oldest": { en: "Oldest reading", fr: "Plus ancien relevé" },
  "outbox.duplicates": { en: "Duplicates left out", fr: "Doublons écartés" },
  "sink.up": { en: "Up", fr: "Connectée" },
  "sink.down": { en: "Down", fr: "Coupée" },
  "sink.none_waits": { en: "Nothing waits", fr: "Rien en attente" },
  "sink.one_waits": { en: "1 reading waits", fr: "1 relevé en attente" },
  "sink.some_wait": {
    en: "{count} readings wait",
    fr: "{count} relevés en attente",
  },
  "sink.drained": { en: "Everything is delivered", fr: "Tout est livré" },
  "sink.drained_in": { en: "Drained in {time}", fr: "Écoulés dans {time}" },
  "sink.not_moving": {
    en: "Being delivered",
    fr: "Livraison en cours",
  },
  "sink.kept": {
    en: "Kept on disk until it is up again",
    fr: "Gardés sur disque jusqu’au rétablissement",
  },
  "sink.since": { en: "Since", fr: "Depuis" },
  "sink.rate": { en: "Rate", fr: "Débit" },
  "sink.rate_value": { en: "{rate} a second", fr: "{rate} par seconde" },
  "sink.oldest": { en: "Oldest waiting", fr: "Plus ancien en attente" },
  "sink.last": { en: "Last delivery", fr: "Dernière livraison" },
  "sink.delivered": { en: "Delivered", fr: "Livrés" },
  "sink.given_up": { en: "Rejected, dropped", fr: "Refusés, abandonnés" },

  "devices.title": { en: "Devices", fr: "Appareils" },
  "devices.count": {
    en: "{heard} of {count} heard on time",
    fr: "{heard} sur {count} entendus à temps",
  },
  "devices.search": { en: "Search", fr: "Recherche" },
  "devices.search_hint": { en: "Name or UID", fr: "Nom ou UID" },
  "devices.order": { en: "Order", fr: "Ordre" },
  "order.worst": { en: "Worst first", fr: "Les pires d’abord" },
  "order.name": { en: "By name", fr: "Par nom" },
  "order.heard": { en: "Last heard first", fr: "Derniers entendus d’abord" },
  "order.link": {
    en: "Weakest link first",
    fr: "Liaison la plus faible d’abord",
  },
  "devices.none": {
    en: "No device was heard yet. Devices appear here with their first frame.",
    fr:
      "Aucun appareil entendu pour l’instant. Chacun apparaît ici dès sa première trame.",
  },
  "devices.not_found": {
    en: "No device has this in its name, UID or tag.",
    fr: "Aucun appareil n’a cela dans son nom, son UID ou son étiquette.",
  },
  "devices.unnamed": { en: "No name", fr: "Sans nom" },
  "devices.device": { en: "Device", fr: "Appareil" },
  "devices.state": { en: "State", fr: "État" },
  "devices.heard": { en: "Last heard", fr: "Dernier signe" },
  "devices.link": { en: "Link budget", fr: "Bilan de liaison" },
  "devices.meter": { en: "Meter", fr: "Compteur" },
  "devices.current": { en: "Current", fr: "Courant" },
  "devices.energy": { en: "Energy", fr: "Énergie" },
  "state.ok": { en: "OK", fr: "OK" },
  "state.silent": { en: "Silent", fr: "Silencieux" },
  "state.offline": { en: "Offline", fr: "Hors ligne" },
  "state.unregistered": { en: "Gone", fr: "Disparu" },
  "state.ignored": { en: "Ignored", fr: "Ignoré" },
  "meter.valid": { en: "Valid", fr: "Valide" },
  "meter.invalid": { en: "Not readable", fr: "Illisible" },
  "meter.lost": { en: "Meter lost", fr: "Compteur perdu" },
  "meter.unknown": { en: "Not yet", fr: "Pas encore" },
  "cadence.every": { en: "every {time}", fr: "rythme : {time}" },
  "cadence.unknown": { en: "rhythm unknown", fr: "rythme inconnu" },
  "cadence.silent_after": {
    en: "Counts as silent after {time}",
    fr: "Silencieux au bout de {time}",
  },
  "link.strong": { en: "strong", fr: "forte" },
  "link.good": { en: "good", fr: "bonne" },
  "link.fair": { en: "fair", fr: "moyenne" },
  "link.weak": { en: "weak", fr: "faible" },
  "link.poor": { en: "too weak", fr: "trop faible" },

  "unnamed.title": {
    en: "Heard, but without a name",
    fr: "Entendus, mais sans nom",
  },
  "unnamed.why": {
    en:
      "Put these lines into the configuration, fill in the name, and restart the agent.",
    fr:
      "Ajoutez ces lignes à la configuration, complétez le nom, puis redémarrez l’agent.",
  },
  "unnamed.lines": {
    en: "Lines that name {device}",
    fr: "Lignes qui nomment {device}",
  },
  "unnamed.copy": {
    en: "Copy the lines for {device}",
    fr: "Copier les lignes pour {device}",
  },
  "unnamed.all": { en: "Lines for all of them", fr: "Lignes pour tous" },

  "device.back": { en: "← All devices", fr: "← Tous les appareils" },
  "device.unknown": {
    en: "This device was not heard yet.",
    fr: "Cet appareil n’a pas encore été entendu.",
  },
  "device.no_name": { en: "Give it a name", fr: "Lui donner un nom" },
  "device.now": { en: "State", fr: "État" },
  "device.last": { en: "Last valid values", fr: "Dernières valeurs valides" },
  "device.no_reading": {
    en: "No valid reading yet",
    fr: "Aucun relevé valide pour l’instant",
  },
  "device.rx": { en: "Received level", fr: "Niveau reçu" },
  "device.silent_after": { en: "Silent after", fr: "Silencieux après" },
  "device.offline_after": { en: "Offline after", fr: "Hors ligne après" },
  "device.interval": { en: "Set interval", fr: "Intervalle réglé" },
  "device.not_told": { en: "not told yet", fr: "pas encore annoncé" },
  "device.every": { en: "every {time}", fr: "{time}" },
  "device.switched_off": {
    en: "switched off ({time})",
    fr: "désactivé ({time})",
  },
  "device.button": { en: "Button reports", fr: "Le bouton signale" },
  "device.button_off": { en: "nothing, switched off", fr: "rien, désactivé" },
  "device.button_nothing": { en: "nothing", fr: "rien" },
  "device.presses": { en: "presses", fr: "appuis" },
  "device.releases": { en: "releases", fr: "relâchements" },
  "device.menu": { en: "menu", fr: "menu" },
  "device.count": { en: "Measurements", fr: "Mesures" },
  "device.first": { en: "First heard", fr: "Premier signe" },
  "device.tag": { en: "Tag", fr: "Étiquette" },
  "device.queued": { en: "Waits to be written", fr: "En attente d’écriture" },
  "device.write_failed": {
    en: "the last write failed",
    fr: "la dernière écriture a échoué",
  },
  "device.apparent": { en: "Apparent energy", fr: "Énergie apparente" },
  "device.active": { en: "Active energy", fr: "Énergie active" },
  "device.current": { en: "Current", fr: "Courant" },
  "device.voltage": { en: "Voltage", fr: "Tension" },

  "history.title": { en: "History", fr: "Historique" },
  "history.range": { en: "Range", fr: "Période" },
  "history.day": { en: "24 h", fr: "24 h" },
  "history.week": { en: "7 d", fr: "7 j" },
  "history.month": { en: "30 d", fr: "30 j" },
  "history.energy_as": { en: "Energy as", fr: "Énergie en" },
  "history.as_used": { en: "Consumption", fr: "Consommation" },
  "history.as_counter": { en: "Counter", fr: "Compteur" },
  "history.used": { en: "Energy used", fr: "Énergie consommée" },
  "history.counter": { en: "Energy counter", fr: "Compteur d’énergie" },
  "history.current": { en: "Current", fr: "Courant" },
  "history.voltage": { en: "Voltage", fr: "Tension" },
  "history.link": {
    en: "Link budget, larger is weaker",
    fr: "Bilan de liaison, plus grand = plus faible",
  },
  "history.phase": { en: "Phase {phase}", fr: "Phase {phase}" },
  "history.time": { en: "Time", fr: "Heure" },
  "history.none": {
    en: "Nothing to draw in this range.",
    fr: "Rien à tracer sur cette période.",
  },
  "history.figures": { en: "In figures", fr: "En chiffres" },
  "history.least": { en: "Least", fr: "Minimum" },
  "history.mean": { en: "Mean", fr: "Moyenne" },
  "history.most": { en: "Most", fr: "Maximum" },
  "history.one": { en: "1 reading", fr: "1 relevé" },
  "history.count": { en: "{count} readings", fr: "{count} relevés" },
  "history.failed": {
    en: "The history could not be read.",
    fr: "L’historique n’a pas pu être lu.",
  },

  "readings.title": { en: "Readings", fr: "Relevés" },
  "readings.at": { en: "Received", fr: "Reçu" },
  "readings.file": { en: "File", fr: "Fichier" },
  "readings.valid": { en: "Meter", fr: "Compteur" },
  "readings.values": { en: "Values", fr: "Valeurs" },
  "readings.explain": { en: "Origin", fr: "Origine" },
  "readings.explain_link": { en: "Explain", fr: "Expliquer" },
  "readings.explain_one": {
    en: "Explain reading {id}",
    fr: "Expliquer le relevé {id}",
  },
  "readings.older": { en: "Older ones", fr: "Plus anciens" },
  "readings.none": {
    en: "No reading of this device is on disk.",
    fr: "Aucun relevé de cet appareil sur disque.",
  },
  "readings.failed": {
    en: "The readings could not be read.",
    fr: "Les relevés n’ont pas pu être lus.",
  },
  "readings.clock_unset": {
    en: "clock was not set",
    fr: "horloge non réglée",
  },
  "file.energy": { en: "Energy", fr: "Énergie" },
  "file.button": { en: "Button", fr: "Bouton" },
  "file.energy_config": { en: "Energy settings", fr: "Réglage énergie" },
  "file.button_config": { en: "Button settings", fr: "Réglage bouton" },
  "quantity.apparent_energy": { en: "Apparent", fr: "Apparente" },
  "quantity.active_energy": { en: "Active", fr: "Active" },
  "quantity.current": { en: "Current", fr: "Courant" },
  "quantity.voltage": { en: "Voltage", fr: "Tension" },
  "quantity.signal_strength": { en: "Signal", fr: "Signal" },
  "measurement.interval": { en: "Interval", fr: "Intervalle" },
  "measurement.enabled": { en: "Enabled", fr: "Activé" },

  "explain.title": { en: "Reading {id}", fr: "Relevé {id}" },
  "explain.gone": {
    en: "There is no such reading, or it is no longer on disk.",
    fr: "Ce relevé n’existe pas, ou n’est plus sur disque.",
  },
  "explain.failed": {
    en: "The reading could not be explained: the agent gave no answer.",
    fr: "Le relevé n’a pas pu être expliqué : l’agent n’a pas répondu.",
  },
  "explain.clock": { en: "Clock", fr: "Horloge" },
  "explain.clock_set": {
    en: "synchronised; {seconds} s after boot {boot}",
    fr: "synchronisée ; {seconds} s après le démarrage {boot}",
  },
  "explain.clock_unset": {
    en: "not synchronised; {seconds} s after boot {boot}",
    fr: "non synchronisée ; {seconds} s après le démarrage {boot}",
  },
  "explain.frame": { en: "Serial frame", fr: "Trame série" },
  "explain.no_counter": {
    en: "The frame counter was not kept; 00 stands for it.",
    fr: "Le compteur de trame n’a pas été gardé ; 00 en tient lieu.",
  },
  "explain.counter": {
    en: "Frame counter {counter}.",
    fr: "Compteur de trame {counter}.",
  },
  "explain.shaded": {
    en: "Shaded: the device file in it.",
    fr: "Grisé : le fichier de l’appareil qu’elle contient.",
  },
  "explain.file": { en: "Device file", fr: "Fichier de l’appareil" },
  "explain.file_of": {
    en: "Device file {id}, {name}",
    fr: "Fichier d’appareil {id}, {name}",
  },
  "explain.point": {
    en: "Point at a field, or step to it with Tab, to see its bytes.",
    fr: "Pointez un champ, ou atteignez-le par Tab, pour voir ses octets.",
  },
  "explain.fields": { en: "Fields of the file", fr: "Champs du fichier" },
  "explain.field": { en: "Field", fr: "Champ" },
  "explain.offset": { en: "Offset", fr: "Position" },
  "explain.length": { en: "Length", fr: "Longueur" },
  "explain.bytes": { en: "Bytes", fr: "Octets" },
  "explain.value": { en: "Value", fr: "Valeur" },
  "explain.alp": { en: "ALP command", fr: "Commande ALP" },
  "explain.tree": { en: "Its actions", fr: "Ses actions" },
  "explain.duplicate": { en: "Duplicate or not", fr: "Doublon ou non" },
  "explain.first": {
    en:
      "No push of this device and file is known before this one (window {window} s).",
    fr:
      "Aucun envoi antérieur de cet appareil et de ce fichier n’est connu (fenêtre {window} s).",
  },
  "explain.same": {
    en: "The push before, of {at}, had the same bytes (window {window} s).",
    fr:
      "L’envoi précédent, du {at}, avait les mêmes octets (fenêtre {window} s).",
  },
  "explain.differs": {
    en: "The push before, of {at}, had other bytes (window {window} s).",
    fr:
      "L’envoi précédent, du {at}, avait d’autres octets (fenêtre {window} s).",
  },
  "explain.previous": {
    en: "Explain the push before",
    fr: "Expliquer l’envoi précédent",
  },
  "explain.sinks": { en: "On to the sinks", fr: "Vers les destinations" },
  "fate.delivered": { en: "Delivered", fr: "Livré" },
  "fate.pending": { en: "Waiting", fr: "En attente" },
  "fate.rejected": { en: "Rejected", fr: "Refusé" },
  "fate.dropped": { en: "Dropped", fr: "Abandonné" },
  "fate.before_sink": {
    en: "Older than this sink",
    fr: "Antérieur à cette destination",
  },
  "fate.unknown": { en: "Not known", fr: "Inconnu" },
  "explain.acknowledged": {
    en: "Acknowledged {at}",
    fr: "Acquitté le {at}",
  },
  "explain.retained": { en: "retained", fr: "conservé (retained)" },
  "explain.not_retained": { en: "not retained", fr: "non conservé" },
  "explain.payload": { en: "Payload of {topic}", fr: "Contenu de {topic}" },
  "explain.copy": {
    en: "Copy the payload of {topic}",
    fr: "Copier le contenu de {topic}",
  },

  "live.title": { en: "Live frames", fr: "Trames en direct" },
  "live.pause": { en: "Pause", fr: "Pause" },
  "live.clear": { en: "Clear", fr: "Effacer" },
  "live.filter": { en: "Device", fr: "Appareil" },
  "live.all": { en: "All", fr: "Tous" },
  "live.none": {
    en: "Nothing came down the line yet.",
    fr: "Rien n’est encore arrivé sur la ligne.",
  },
  "live.seen": { en: "{count} seen", fr: "{count} vues" },
  "live.left_out": {
    en: "{count} seen, {left} left out",
    fr: "{count} vues, {left} omises",
  },
  "live.paused": {
    en: "Paused, {count} waiting",
    fr: "En pause, {count} en attente",
  },
  "live.decoded": { en: "Decoded", fr: "Décodé" },
  "live.files": { en: "Device files", fr: "Fichiers d’appareil" },
  "live.discarded": { en: "Discarded bytes", fr: "Octets écartés" },
  "live.bad_checksum": { en: "Bad checksum", fr: "Somme fausse" },
};

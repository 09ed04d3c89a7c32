/**
 * What is wrong and what would do, in French, by the agent's code; the agent
 * itself speaks English. Some kinds have words of their own for a variant,
 * `code.variant`. Beside them, in both languages, what heads a list of many of
 * one kind.
 *
 * Longer than other files since it is one table and nothing else.
 *
 * @module
 */

/** @typedef {{ readonly text: string, readonly fix: string }} Words */

/**
 * `{name}` stands for a value of the problem, formatted by the unit its name
 * ends with; `{who}` for a device with its name.
 *
 * @type {Readonly<Record<import("../json.ts").ProblemCode, Words>>}
 */
export const french = {
  port_down: {
    text: "Le port série {port} n’est pas ouvert.",
    fix:
      "Lancez dash7-edge doctor : il essaie le port étape par étape. L’agent l’ouvre ensuite de lui-même.",
  },
  modem_silent: {
    text: "Le modem ne répond pas.",
    fix:
      "Débranchez le modem, attendez cinq secondes, rebranchez-le. S’il reste muet, un autre modem ou un autre câble dira lequel des deux est en panne.",
  },
  modem_unidentified: {
    text:
      "Le port est ouvert, mais le modem ne dit pas qui il est. Aucune trame n’est arrivée.",
    fix:
      "Vérifiez que [serial] port est bien le modem, et que [serial] baud vaut 115200.",
  },
  outbox_unwritable: {
    text:
      "Les relevés ne peuvent pas être écrits sur le disque : « {trouble} ». Ils sont gardés en mémoire et perdus si l’agent s’arrête.",
    fix:
      "Vérifiez que le disque de {data_dir} est accessible en écriture et sain (voir dmesg) ; ne redémarrez pas l’agent avant.",
  },
  readings_lost: {
    text:
      "{lost} relevés perdus depuis le démarrage : le disque n’en a pris aucun pendant trop longtemps.",
    fix:
      "Cherchez pourquoi le disque de {data_dir} ne pouvait pas être écrit ; le journal de ce moment le dit.",
  },
  outbox_dropped: {
    text:
      "{dropped} relevés abandonnés sans être livrés à {sink} depuis un jour ({reasons}).",
    fix:
      "Rétablissez la destination, ou augmentez max_age_days et max_mb dans [outbox].",
  },
  no_sinks: {
    text:
      "Aucune destination n’est configurée : les relevés sont gardés et ne vont nulle part.",
    fix:
      "Ajoutez une table [sinks.NOM] à la configuration et redémarrez l’agent.",
  },
  sink_down: {
    text:
      "La destination {sink} est coupée depuis {down_s} : « {detail} ». Relevés en attente : {pending} ; ils sont gardés et livrés plus tard.",
    fix:
      "Lancez dash7-edge doctor : il essaie nom, réseau, certificat et identifiants de {sink} étape par étape.",
  },
  sink_rejects: {
    text:
      "La destination {sink} a refusé {rejected} relevés, le dernier pour : « {reason} ».",
    fix:
      "Les relevés refusés sont mis de côté et ne sont plus essayés. Demandez à l’exploitant de {sink} avec cette raison ; un droit de publication ou un topic faux en est la cause habituelle.",
  },
  sink_slow: {
    text:
      "La destination {sink} est connectée mais ne suit pas : {pending} relevés attendent, le plus ancien depuis {oldest_s}.",
    fix:
      "Le serveur de {sink} ou le chemin vers lui est lent : regardez sa charge et le réseau. Rien n’est perdu tant que la file a de la place.",
  },
  outbox_filling: {
    text:
      "Ce qui attend pour {sink} occupe {percent} % de la file d’envoi ({max_bytes}) ; une fois pleine, les plus anciens relevés sont abandonnés.",
    fix:
      "Rétablissez {sink}, ou augmentez [outbox] max_mb et redémarrez l’agent : ce qui attend est conservé.",
  },
  disk_low: {
    text:
      "{free_bytes} libres sur le disque de {data_dir} ; sous {min_free_bytes} les plus anciens relevés sont abandonnés.",
    fix:
      "Libérez de la place : d’abord vieux journaux et paquets (journalctl --vacuum-size=50M, apt-get clean).",
  },
  clock_unsynchronised: {
    text:
      "L’horloge de cette passerelle n’est pas synchronisée. Les heures des relevés peuvent être fausses, et des certificats paraître expirés.",
    fix:
      "Donnez-lui accès à un serveur de temps : timedatectl set-ntp true, puis vérifiez DNS et pare-feu (port UDP 123). Les relevés en attente reçoivent la bonne heure d’eux-mêmes.",
  },
  line_noise: {
    text:
      "Parasites sur la ligne série : {bad_checksums} sommes fausses et {discarded_bytes} hors trame en {minutes} min, pour {frames} bonnes trames.",
    fix:
      "Vérifiez le câble, sa longueur et sa terre, éloignez-le des câbles de puissance ; essayez un autre port USB.",
  },
  frames_lost: {
    text:
      "{lost} trames perdues entre le modem et l’agent en {minutes} min. Les relevés qu’elles portaient sont perdus.",
    fix:
      "Vérifiez le câble et le concentrateur USB. Si la machine est surchargée, voyez par quoi (top).",
  },
  http_down: {
    text: "Le tableau de bord n’est pas servi sur {where} : « {reason} ».",
    fix:
      "Vérifiez [http] listen et ce qui occupe déjà ce port. Les relevés sont livrés malgré tout.",
  },
  device_offline: {
    text: "{who} est hors ligne : plus rien entendu depuis {heard_s}.",
    fix:
      "Vérifiez son alimentation, sa pile, son antenne, et ce qui la masque. S’il a été retiré : dash7-edge devices forget {device}.",
  },
  device_silent: {
    text: "{who} est silencieux : plus rien entendu depuis {heard_s}.",
    fix:
      "Il a pu manquer un envoi ou deux. Si cela dure, vérifiez son alimentation, sa pile et son antenne.",
  },
  device_meter: {
    text: "{who} ne peut pas lire son compteur ; sa radio fonctionne.",
    fix:
      "Vérifiez le câble Modbus entre l’appareil et le compteur, aux deux bouts, l’ordre des fils, et l’alimentation du compteur.",
  },
  device_link: {
    text:
      "{who} s’entend mal : bilan de liaison {link_budget_db} dB, au-delà de {limit_db} dB ; des relevés peuvent se perdre.",
    fix:
      "Placez l’antenne de la passerelle plus haut ou plus près, ou sortez celle de l’appareil de son armoire métallique.",
  },
  device_unnamed: {
    text: "Appareils entendus sans nom : {count}.",
    fix:
      "Donnez un nom à chacun dans la configuration : les lignes à copier sont plus bas. Les relevés sont livrés malgré tout.",
  },
};

/** @type {Readonly<Record<string, Words>>} */
export const frenchVariants = {
  "port_down.absent": {
    text: "Le port série {port} n’existe pas.",
    fix:
      "Branchez le modem, ou corrigez [serial] port : dash7-edge ports liste ce qui existe. L’agent l’ouvre de lui-même.",
  },
  "port_down.lost": {
    text: "Le port série {port} a disparu.",
    fix:
      "Rebranchez le modem, vérifiez le câble et l’alimentation USB. L’agent ouvre le port de lui-même.",
  },
  "port_down.ambiguous": {
    text: "Plusieurs ports série conviennent.",
    fix:
      "Mettez l’un d’eux dans [serial] port : dash7-edge ports les liste avec leurs noms durables.",
  },
  "port_down.busy": {
    text: "Le port série {port} est occupé {holder}",
    fix:
      "Arrêtez le programme qui tient le port, ou choisissez un autre [serial] port. L’agent le reprend de lui-même.",
  },
  "port_down.denied": {
    text: "L’agent n’a pas le droit de lire le port série {port}.",
    fix:
      "Donnez ce droit à son utilisateur, en général par sudo usermod -aG dialout dash7-edge, puis redémarrez l’agent. dash7-edge doctor donne la ligne exacte.",
  },
  "port_down.not_serial": {
    text: "{port} n’est pas un port série.",
    fix:
      "Mettez un port série dans [serial] port : dash7-edge ports les liste.",
  },
  "modem_unidentified.frames": {
    text:
      "Le port est ouvert, mais le modem ne dit pas qui il est. Des trames arrivent ; ce que les appareils envoient est gardé.",
    fix:
      "Débranchez et rebranchez le modem. Si cela dure, son logiciel est peut-être inconnu de l’agent.",
  },
  "outbox_unwritable.full": {
    text:
      "Le disque est plein : les relevés ne peuvent pas être écrits. Ils sont gardés en mémoire et perdus si l’agent s’arrête.",
    fix:
      "Libérez de la place sur le disque de {data_dir} ; ne redémarrez pas l’agent avant.",
  },
  "outbox_filling.age": {
    text:
      "Des relevés attendent depuis {oldest_s} ; au bout de {max_age_s} ils sont abandonnés.",
    fix:
      "Rétablissez {sink}, ou augmentez [outbox] max_age_days et redémarrez l’agent : ce qui attend est conservé.",
  },
};

/** @type {Readonly<Record<string, { readonly en: Words, readonly fr: Words }>>} */
export const manyWords = {
  device_offline: {
    en: {
      text: "{count} devices are offline.",
      fix: "Check their power and aerials, and the aerial of the gateway.",
    },
    fr: {
      text: "{count} appareils sont hors ligne.",
      fix:
        "Vérifiez leur alimentation et leurs antennes, et celle de la passerelle.",
    },
  },
  device_silent: {
    en: {
      text: "{count} devices are silent.",
      fix:
        "They may have missed a report or two. If they stay silent, check the aerial of the gateway.",
    },
    fr: {
      text: "{count} appareils sont silencieux.",
      fix:
        "Ils ont pu manquer un envoi ou deux. Si cela dure, vérifiez l’antenne de la passerelle.",
    },
  },
  device_meter: {
    en: {
      text: "{count} devices cannot read their meter.",
      fix: "Check the Modbus cable between each device and its meter.",
    },
    fr: {
      text: "{count} appareils ne peuvent pas lire leur compteur.",
      fix: "Vérifiez le câble Modbus entre chaque appareil et son compteur.",
    },
  },
  device_link: {
    en: {
      text: "{count} devices are hard to hear.",
      fix: "Move the gateway's aerial higher or nearer.",
    },
    fr: {
      text: "{count} appareils s’entendent mal.",
      fix: "Placez l’antenne de la passerelle plus haut ou plus près.",
    },
  },
};

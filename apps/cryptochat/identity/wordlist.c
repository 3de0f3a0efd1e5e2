// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wordlist.c - 256 words for verify.h: common English nouns that sound unlike each other. Their order
 * is part of the protocol.
 */
#include "cryptochat/identity/verify.h"

static const char *const words[256] = {
    "acid",	"actor",   "album",  "alley",	"amber",    "anchor",  "angle",	   "ankle",
    "apple",	"apron",   "arrow",  "aspen",	"atlas",    "attic",   "autumn",   "bacon",
    "badge",	"bagel",   "bamboo", "banjo",	"barrel",   "basket",  "beach",	   "bear",
    "beaver",	"bell",	   "berry",  "bishop",	"blanket",  "bonus",   "border",   "bottle",
    "bracket",	"branch",  "brick",  "bridge",	"bronze",   "bucket",  "budget",   "buffalo",
    "bullet",	"butter",  "cabin",  "cactus",	"camel",    "camera",  "candle",   "canoe",
    "canyon",	"carbon",  "cargo",  "carpet",	"carrot",   "castle",  "cattle",   "cedar",
    "cellar",	"chalk",   "cherry", "chess",	"chimney",  "cider",   "circus",   "citrus",
    "clay",	"clover",  "cobalt", "coffee",	"comet",    "copper",  "coral",	   "cotton",
    "cousin",	"crater",  "crayon", "cricket", "crystal",  "cube",    "curtain",  "daisy",
    "dancer",	"denim",   "desert", "diary",	"dinner",   "doctor",  "dolphin",  "donkey",
    "dragon",	"drawer",  "drum",   "eagle",	"easel",    "echo",    "elbow",	   "elder",
    "elephant", "ember",   "engine", "falcon",	"farmer",   "feather", "fender",   "ferry",
    "fiddle",	"filter",  "finger", "flag",	"flute",    "fossil",  "fountain", "fox",
    "galaxy",	"garden",  "garlic", "ginger",	"giraffe",  "glacier", "glove",	   "goat",
    "golf",	"granite", "guitar", "hammer",	"harbor",   "hazel",   "helmet",   "hermit",
    "hiking",	"hockey",  "honey",  "hotel",	"iceberg",  "igloo",   "index",	   "insect",
    "island",	"ivory",   "jacket", "jaguar",	"jelly",    "jersey",  "jigsaw",   "jungle",
    "kayak",	"kernel",  "kettle", "kidney",	"kitten",   "koala",   "ladder",   "lagoon",
    "lantern",	"laptop",  "lemon",  "lentil",	"leopard",  "library", "lizard",   "lobster",
    "locket",	"lumber",  "magnet", "mango",	"maple",    "marble",  "meadow",   "melon",
    "mirror",	"monkey",  "mosaic", "motor",	"muffin",   "museum",  "mustard",  "napkin",
    "needle",	"nephew",  "nickel", "noodle",	"nugget",   "oasis",   "ocean",	   "olive",
    "onion",	"opera",   "orange", "orbit",	"orchid",   "otter",   "owl",	   "oxygen",
    "paddle",	"panda",   "paper",  "parrot",	"pasta",    "peanut",  "pebble",   "pencil",
    "pepper",	"piano",   "pigeon", "pillow",	"pilot",    "pirate",  "planet",   "plum",
    "pocket",	"polar",   "pony",   "potato",	"prairie",  "puzzle",  "python",   "quartz",
    "quiver",	"rabbit",  "radar",  "radish",	"raven",    "ribbon",  "river",	   "robot",
    "rocket",	"rope",	   "saddle", "salmon",	"sandal",   "satin",   "sauce",	   "scarf",
    "school",	"shadow",  "shovel", "silver",	"sketch",   "spider",  "spoon",	   "squid",
    "sugar",	"summit",  "tablet", "talon",	"temple",   "tiger",   "tomato",   "tractor",
    "trumpet",	"tulip",   "tunnel", "turtle",	"umbrella", "valley",  "velvet",   "village",
};

const char *verify_word(uint8_t index)
{
	return words[index];
}

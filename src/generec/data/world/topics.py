"""What the items of the embedded world are about: topics, subtopics and the words for them.

Each subtopic has eight subjects (plural or uncountable noun phrases) and four doings (gerund phrases).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

_VOCABULARY: dict[str, dict[str, str]] = {
    "food": {
        "bread": "sourdough loaves|rye crusts|baguettes|focaccia|brioche buns|flatbreads|bagels|wholemeal rolls; "
        "shaping sticky dough|feeding a starter|scoring the crust|proofing in a basket",
        "coffee": "espresso shots|filter brews|cold drip coffee|latte art|roasted beans|moka pots|burr grinders|"
        "cortados; dialling in a grinder|steaming milk|cupping new roasts|timing the bloom",
        "ferments": "kimchi jars|sauerkraut|kombucha|miso paste|pickled radishes|tempeh|kefir|hot sauce mash; "
        "salting cabbage|burping the jars|brewing a tea fungus|keeping a brine",
        "noodles": "ramen bowls|udon|hand-pulled noodles|soba|dumpling wrappers|pho broth|laksa|fresh tagliatelle; "
        "rolling pasta sheets|simmering bone broth|pulling noodle strands|folding dumplings",
        "desserts": "custard tarts|chocolate truffles|meringues|ice cream|layer cakes|caramel sauce|macarons|"
        "panna cotta; tempering chocolate|whipping egg whites|piping icing|churning gelato",
    },
    "garden": {
        "vegetables": "tomato beds|runner beans|courgettes|winter kale|carrot rows|chilli plants|garlic bulbs|"
        "lettuces; sowing under glass|staking tomatoes|hoeing between rows|harvesting beans",
        "houseplants": "monsteras|succulents|ferns on shelves|orchids|string-of-pearls|peace lilies|cacti|"
        "terrariums; repotting root-bound plants|misting leaves|propagating cuttings|wiping dusty foliage",
        "orchards": "apple trees|pear espaliers|plum blossom|quince hedges|cherry grafts|fig walls|"
        "old cider varieties|peach fans; pruning in winter|grafting scions|thinning fruitlets|pressing cider",
        "pollinators": "bumblebee boxes|honey hives|butterfly borders|wildflower strips|lavender hedges|moth nights|"
        "solitary bee hotels|nectar plants; opening a hive|planting for bees|counting butterflies|spinning honey",
        "soil": "compost heaps|worm bins|leaf mould|clay ground|green manures|raised bed mixes|biochar|"
        "mulch layers; turning the compost|testing for acidity|feeding worms|digging in manure",
    },
    "movement": {
        "running": "marathon plans|trail runs|interval sessions|parkruns|barefoot shoes|hill repeats|fell races|"
        "jogging loops; pacing a half marathon|lacing trail shoes|tapering before race day|running with a club",
        "climbing": "bouldering walls|lead routes|crack climbs|finger boards|belay devices|slab problems|"
        "alpine ridges|chalk bags; reading a boulder problem|tying a figure of eight|smearing on granite|"
        "hanging from crimps",
        "yoga": "sun salutations|headstands|hip openers|chair poses|yin sequences|backbends|balance poses|"
        "prop-free flows; rolling out the mat|holding a warrior pose|stretching tight hamstrings|"
        "linking breath and pose",
        "cycling": "gravel bikes|cargo bicycles|velodrome laps|touring panniers|derailleurs|commuter routes|"
        "hill climbs by bike|tubeless tyres; truing a wheel|riding in a peloton|patching an inner tube|"
        "packing panniers",
        "swimming": "open-water swims|front crawl drills|lido mornings|butterfly strokes|tumble turns|cold plunges|"
        "lane sets|wild ponds; breathing on both sides|kicking with a board|acclimatising to cold water|"
        "sighting a buoy",
    },
    "travel": {
        "railways": "sleeper trains|narrow-gauge lines|dining cars|station cafes|interrail passes|mountain railways|"
        "steam locomotives|border crossings by rail; booking a couchette|changing trains at dawn|"
        "watching the signals|reading timetables",
        "islands": "lighthouse islands|volcanic archipelagos|ferry hops|tidal causeways|coral atolls|"
        "fishing harbours|crofts by the sea|lagoons; waiting for the ferry|walking round an island|"
        "camping above a bay|rowing across a lagoon",
        "huts": "mountain huts|alpine passes|scree paths|summit bivouacs|hut suppers|glacier crossings|ridge walks|"
        "high meadows; crossing a pass on foot|sleeping in a bunk room|packing crampons|following cairns",
        "markets": "night markets|spice stalls|flower auctions|flea markets|fish halls|bazaars|lantern streets|"
        "food courts; haggling over spices|tasting from a stall|following the lanterns|loading a barrow",
        "deserts": "dune seas|oasis towns|camel caravans|salt flats|canyon camps|desert stars|sandstone arches|"
        "dry riverbeds; crossing the dunes|finding a well|camping on the sand|riding a camel",
    },
    "music": {
        "piano": "piano preludes|upright pianos|left-hand patterns|nocturnes|sight-reading drills|sonatas|pedalling|"
        "ragtime; practising scales on the keys|tuning a piano|playing four hands|memorising a sonata",
        "guitar": "fingerstyle guitars|blues licks|barre chords|slide guitars|flamenco strumming|open tunings|"
        "guitar pedals|classical guitar studies; changing guitar strings|bending a note|strumming along|"
        "picking arpeggios",
        "synths": "modular synths|drum machines|analogue basslines|sequencer patterns|ambient patches|samplers|"
        "filter sweeps|techno loops; patching a modular rack|programming a drum machine|sampling vinyl|"
        "tweaking an oscillator",
        "choirs": "community choirs|four-part harmonies|gospel choruses|plainsong|sea shanties|vocal warm-ups|"
        "madrigals|throat singing; warming up the voice|singing the alto line|blending vowels|rehearsing a chorus",
        "jazz": "jazz standards|saxophone solos|walking basslines|bebop heads|brushed drums|big bands|trumpet mutes|"
        "jam sessions; trading fours|swinging the quavers|improvising over changes|transcribing a solo",
    },
    "science": {
        "astronomy": "telescopes|exoplanets|meteor showers|nebulae|black holes|lunar craters|star charts|"
        "solar eclipses; grinding a mirror|tracking a comet|photographing galaxies|timing an eclipse",
        "oceans": "deep-sea vents|kelp forests|tidal currents|whale songs|plankton blooms|submarines|sea ice|"
        "anglerfish; diving below the thermocline|tagging whales|sampling plankton|mapping the seabed",
        "genetics": "gene editing|inherited traits|ancient DNA|cloned crops|chromosomes|mutations|"
        "family trees in DNA|CRISPR screens; sequencing a genome|reading base pairs|crossing pea plants|"
        "editing a gene",
        "geology": "fossil beds|basalt columns|plate tectonics|crystal caves|landslides|ore veins|limestone cliffs|"
        "meteorites; hammering shale|reading rock strata|polishing thin sections|dating zircons",
        "weather": "thunderstorms|hurricane tracks|cloud types|snow crystals|weather balloons|monsoons|"
        "tornado alleys|fog banks; chasing a storm|reading isobars|launching a balloon|measuring rainfall",
    },
    "history": {
        "antiquity": "Roman roads|clay tablets|pyramid builders|Greek theatres|buried cities|mosaic floors|amphorae|"
        "bronze-age swords; digging a trench|deciphering cuneiform|restoring a mosaic|casting bronze",
        "seafaring": "longships|spice fleets|pirate harbours|tea clippers|sextants|polar expeditions|shipwrecks|"
        "sea charts; navigating by the stars|raising a wreck|rounding the Cape|caulking a hull",
        "castles": "castle kitchens|siege engines|knights and squires|illuminated manuscripts|abbeys|town guilds|"
        "jousts|plague years; besieging a keep|copying a manuscript|forging chain mail|ruling a manor",
        "industry": "cotton mills|coal pits|canal builders|telegraph wires|iron bridges|steam pumps|"
        "factory whistles|gasworks; digging a canal|stoking a boiler|laying telegraph cable|"
        "striking for shorter hours",
        "ciphers": "cipher wheels|spy rings|codebreakers|secret inks|numbers stations|double agents|dead drops|"
        "rotor machines; cracking a cipher|hiding a message|tapping a line|training an agent",
    },
    "craft": {
        "woodwork": "dovetail joints|carved spoons|oak benches|hand planes|turned bowls|cedar boxes|marquetry|"
        "timber frames; sharpening a chisel|turning on a lathe|cutting a mortise|oiling walnut",
        "pottery": "stoneware mugs|raku firings|slip glazes|pinch pots|porcelain cups|kiln shelves|coiled vases|"
        "salt glazes; throwing on the wheel|mixing a glaze|loading a kiln|wedging clay",
        "knitting": "wool jumpers|cable stitches|lace shawls|sock heels|fair-isle yokes|mittens|crochet blankets|"
        "spun yarn; casting on stitches|turning a heel|spinning fleece|blocking a shawl",
        "books": "hand-bound notebooks|letterpress cards|marbled papers|leather spines|linocut prints|pop-up pages|"
        "handmade paper|calligraphy nibs; sewing signatures|inking a press|cutting lino|marbling a sheet",
        "textiles": "indigo cloth|patchwork quilts|screen-printed totes|embroidered collars|handlooms|"
        "tailored coats|darned denim|batik scarves; dyeing with indigo|quilting by hand|warping a loom|"
        "hemming trousers",
    },
    "film": {
        "animation": "stop-motion puppets|claymation sets|hand-drawn cels|flip books|storyboards|character rigs|"
        "silhouette films|pixel animation; moving a puppet frame by frame|inking cels|rigging a character|"
        "lip-syncing a cartoon",
        "camera": "film cameras|anamorphic lenses|steadicam shots|natural lighting|drone footage|darkroom prints|"
        "tracking shots|colour grading; loading a film roll|lighting a face|pulling focus|framing a close-up",
        "scores": "film scores|orchestral cues|foley tricks|silent-film accompaniment|title themes|sound design|"
        "leitmotifs|theremin soundtracks; scoring a chase|recording foley|syncing music to picture|"
        "conducting to a click",
        "scripts": "plot twists|three-act scripts|dialogue drafts|pilot episodes|villain arcs|script read-throughs|"
        "writers' rooms|short screenplays; drafting a scene|cutting dialogue|pitching a pilot|rewriting an ending",
        "cinemas": "art-house cinemas|projection booths|midnight screenings|film festivals|cult classics|drive-ins|"
        "subtitled dramas|noir thrillers; threading a projector|queueing for a premiere|programming a festival|"
        "restoring old reels",
    },
    "technology": {
        "robots": "robot arms|line followers|walking robots|servo motors|swarm robots|grippers|robot vacuums|"
        "lidar rovers; wiring a servo|teaching a robot to grasp|calibrating lidar|balancing two wheels",
        "coding": "python scripts|compilers|unit tests|recursive functions|pull requests|type systems|"
        "command-line tools|sorting algorithms; refactoring a module|debugging at the terminal|writing a parser|"
        "reviewing a pull request",
        "circuits": "solder joints|breadboards|oscilloscopes|transistor radios|LED matrices|sensor boards|"
        "microcontrollers|printed circuits; soldering a header|etching a board|probing a signal|winding a coil",
        "networks": "home servers|mesh routers|packet captures|firewalls|fibre links|self-hosted photos|"
        "backup drives|encrypted tunnels; crimping a cable|hardening a server|tracing packets|restoring a backup",
        "design": "typefaces|icon sets|dashboards|colour palettes|wireframes|accessible forms|design systems|"
        "user interviews; kerning a headline|sketching wireframes|testing a prototype|picking a palette",
    },
    "wildlife": {
        "birds": "barn owls|swift colonies|kingfishers|migrating geese|dawn choruses|peregrines|puffins|"
        "garden finches; ringing fledglings|listening for owls|hanging a nest box|counting waders",
        "insects": "stag beetles|ant colonies|dragonflies|mantises|fireflies|caterpillars|leafcutters|grasshoppers; "
        "pinning a specimen|rearing caterpillars|watching an ant trail|netting dragonflies",
        "mammals": "wolf packs|otters|red foxes|hedgehogs|beaver dams|badger setts|bats at dusk|brown bears; "
        "following paw prints|setting a camera trap|building an otter holt|feeding hedgehogs",
        "reptiles": "geckos|sea turtles|slow-worms|chameleons|tree frogs|grass snakes|crocodiles|newt ponds; "
        "handling a python|guarding turtle nests|surveying newts|watching a lizard bask",
        "fungi": "chanterelles|truffle woods|bracket fungi|oyster mushrooms|spore prints|mycelium|fly agarics|"
        "lichens; foraging for ceps|taking a spore print|growing oyster mushrooms|sniffing out truffles",
    },
    "money": {
        "budgets": "household budgets|envelope systems|grocery bills|savings pots|debt snowballs|spending diaries|"
        "rainy-day funds|subscription audits; tracking every receipt|cancelling subscriptions|splitting the bills|"
        "filling a savings pot",
        "investing": "index funds|dividend shares|bond ladders|pension pots|market crashes|compound interest|"
        "portfolios|stock fees; rebalancing a portfolio|reading an annual report|buying index funds|"
        "weighing risk and return",
        "business": "market stalls for makers|online shops|freelance contracts|pricing sheets|first customers|"
        "cash flow|cooperatives|brand names; invoicing a client|opening a shop|pricing your work|"
        "hiring a first employee",
        "housing": "rental agreements|mortgages|shared flats|tiny houses|moving days|insulation grants|"
        "deposit disputes|house auctions; viewing a flat|signing a lease|comparing mortgages|insulating a loft",
        "careers": "salary talks|job interviews|night classes|career changes|references|portfolios for applicants|"
        "sabbaticals|cover letters; asking for a raise|rewriting a CV|rehearsing an interview|switching careers",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Subtopic:
    """One leaf of the *what* side."""

    topic: str
    name: str
    subjects: tuple[str, ...]
    doings: tuple[str, ...]


@cache
def subtopics() -> tuple[Subtopic, ...]:
    """All subtopics, grouped by topic; their position is their code."""
    found = []
    for topic, inner in _VOCABULARY.items():
        for name, words in inner.items():
            subjects, doings = (tuple(part.strip().split("|")) for part in words.split(";"))
            found.append(Subtopic(topic, name, subjects, doings))
    return tuple(found)


@cache
def topics() -> tuple[str, ...]:
    """All topics in the order of their codes."""
    return tuple(_VOCABULARY)

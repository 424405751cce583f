"""Ordinary English words: none of them is taken for a misspelling or, in lower case, for a maker's name. Data only."""

from __future__ import annotations

_WORDS = """
able about above abroad accident accord account acne across action active actor actress actual add address adult
adults advert advice afraid after afternoon again age aged agent ago agree air airport alarm alba album alcohol alien
alive all allow almond almost aloe alone along already also always amateur amazing ambient american among amount
amusing ancient angel anger angry animal animals ankle announce annoying another answer ant any anybody anyone
anything anyway apart apartment appear apple april argan arm army around arrid arrive art artist ask asleep astronaut
at atmosphere attack attic aunt autumn average avocado awake award away awesome awful axe baby back background bad bag
bake baker baking balance ball balloon bamboo ban banana band bank bar barber bare base basement basic basket bass
bath bathroom battery battle beach beans bear beard beat beautiful beauty because become bed bedroom bedtime bee beer
before begin beginning behind being believe bell belly belt bench bend bergamot best better between beyond bicycle big
bike bill birch bird birth birthday bit bitter black blackhead blackheads blade blank blanket bleach bleached bleak
bleed blend blind bliss block blonde blood bloody bloom blue board boat body boil bold bomb bond bone book books boot
boots border bored boring born borrow boss both bother bottle bottom bounce bowl box boxer boxing boy boyfriend boys
brain branch brand brave break breakage breakfast breakouts breath breathable breathe breeze brick bride bridge brief
bright bring british broad broken brooding brother brothers brown brunette brush budget bug build building bull bunch
burberry burn bus bush business busy but butter butterfly button buy by cabin caffeine cake calendar call calm calming
camp camping cancel candle candy capital captain car card cards care career careful caress carry case cash castle
casual cat catch cats cattle cause cave cedar cell central century cereal cerebral certain chain chair challenge
champion chance change channel chapter character charcoal charge charming chase chat cheap cheat check cheer cheerful
cheese cheesy chef chemical chemicals cherry chess chest chicken chief child childhood chilling chilly chin chip
chipping chocolate choice choir choose chopped chosen christmas church cigarette cinema circle circus citrus city
claim clash class classic classical classroom clean clear clever click client cliff climate climb clock close closed
closet cloth clothes clothing cloud club clue clumping coach coal coast coat cocoa coconut code coffee coin cold
collagen collar collect college colonial color colour colourful column comb combine come comedian comfort comfortable
comforting comic coming command comment common community company compare complete complex computer concert condition
confident confused connect consider contact contemplative content contest control convince cook cooking cool copper
copy core corn corner corny correct cosmetics cost cottage cotton couch cough could council count counter country
couple courage course court courtroom cousin cover cow cozy crab crack cracking cradle craft crash crazy cream create
creature credit creepy crew cricket crime criminal crisis critic cross crowd crown cruel cruise crumbling crush cry
crystal cult culture cup cupboard cure curious curl curly current curtain curve custom customer cut cute cycle dad
daily damage damaged damp dance dancer dancing dandruff danger dangerous dare dark darker darkness data date dating
daughter dawn day daytime dead deal dear death debate debt debut decade december decide deck deep deer defence define
degree delay delicate delicious delight deliver demand demon dense dentist depend depressing depth describe desert
design desk dessert detail detective develop devil dew dial diamond diary die diet different difficult dig dinner
dinosaur dinosaurs direct direction director dirt dirty disaster disco discover disease dish distance dive divorce
doctor dog dogs dollar dolphin door dot double doubt dove down dragon dragons drain drama dramatic draw drawing dream
dreams dreamy dress drink drive driver drop drug drum dry dryer dubbed due dull dumb during dust duty dystopian each
eager eagle ear early earn earth ease easier east easter easy eat eczema edge edgy edit editor education eerie effect
effort egg eight either elbow elder electric elegance elegant element elephant else empire empty end ending endless
enemy energy engaging engine english enjoy enough enter entertaining entire entry epic episode equal era escape
especially essay essence essentials eternity eucalyptus euphoria even evening event ever every everybody everyone
everything evil exact exam example excellent except exciting excuse exercise exist exotic expect expensive experience
expert explain explore explosion express extra extreme eye eyes fabric face facial fact factory fade fading fail faint
fair fairy faith fake fall fallen false fame familiar families family famous fan fancy fantastic far farm farmer
fashion fast fat fate father fault favor favorite favour favourite fear feature feel feelgood feelings feet fell felt
female fence fern festival fever few fiction field fierce fight figure file fill final find fine finger fingernails
finish fire firm first fish fishing fit five fix flag flaking flaky flame flash flashy flat flavour flaw flesh flight
float flood floor floral flour flow flower flowers flu fluffy fly flying foam fog fold folk follow fond food foot
football for force forest forever forget forgive fork form former fort fortune forward found four fox fragile fragrant
frame france free freedom freezing french fresh freshness friday friend friendly friends friendship fries fringe frizz
frizzy frog from front frost frozen frugal fruit fruity fry full fun funeral funnier funny fur furniture fusion future
gain game games gang gangster gap garage garden garlic gas gate gather gay gel general generic genius gentle gentleman
german germany get ghost ghosts giant gift gifts girl girlfriend girls give glad glamorous glass glasses glide glitter
glittery gloom gloomy glory gloss glossy glove glow glowing glue go goal goat god gold golden golf good goodbye goods
goody goose gore gory gossip gothic gown grab grace grade grain grand grandfather grandma grandmother grandpa granny
grape grass grateful grave gray greasy great greed greek green greet grey grief grim grind grip gritty ground group
grow growth gruesome guard guess guest guide guilt guilty guitar gum gun guns gut guy gym habit hack hair hairy half
hall hand handle handmade handsome handy hang happen happens happiness happy harbour hard harm harmony harsh harvest
hat hate haunted haunting have hawk head healing health healthy hear heart heartbreak heartbreaking heartwarming heat
heaven heavy hedge heel height heist hell hello help helpful hen her herb herbal herbs here hero heroes heroine hide
high hiking hilarious hill him hint hip hippie his historic history hit hobby hockey hold hole holiday hollow holy
home homemade homework honest honey honeymoon hook hope hopeful horrible horror horse horses hospital host hot hotel
hour house household housewife how huge human humble humor humour hundred hunger hungry hunt hunter hurry hurt husband
hyaluronic hydrated hydrating hydration hypnotic ice icon icy idea ideal identity idol ill image imagine immigrant
impact important impress improve inch independent indian indie indoor indoors inner innocent insect inside inspire
inspiring instant instead intense interest interesting intimate invade invest invite iron irritating island italian
italy itchy item ivory jacket jail jam january japan japanese jar jaw jazz jealous jeans jelly jet jewel jewellery job
join joke jolly journal journalist journey joy judge juice juicy july jump june jungle junior jury just justice keen
keep keratin kettle key kick kid kidnap kids kill killer kind kindness king kingdom kiss kit kitchen kitten knee knife
knight knock knot know knowing korean label lace lack lady lake lamb lamp land lane language laptop large laser lash
last lasting late later laugh laughs laughter launch laundry lavender law lawn lawyer lawyers layer lazy lead leader
leaf league lean learn leather leave lecture left leg legal legend lemon lend length lesson letter level liar liberty
library lick lid lie life lift light lightening lighthearted lighthouse lightweight like lily lime limit line lion lip
liquid list listen literary little live lively liver living load loan local lock log logic london loneliness lonely
long look loose lord lose loss lost lot lotus loud louder love lovely lover lovers loving low loyal luck lucky lunch
lung lush lusty luxurious machine mad made mafia magic magical magician maiden mail main major make male mall man
manager mango manner map maple marathon marble march mark market marriage married marry mars mask mass master match
mate material math matrix matte matter matters may maybe meal mean meaning measure meat mechanic medal media medical
medicine medieval meditative medium meet melancholic melancholy mellow melon melt member memorise memory mental
mention mentor menu mercy merry mess messy metal method middle might mighty mild mile military milk mill mind mine
miner mineral minor mint minute miracle mirror misery miss missing mission mist mistake mitchum mix mixed mob mobile
mode model modern moist moisture mom moment money monk monkey monster monsters month moody moon moral more morning
moss most motel moth mother mothers motion motor motorbike mount mountain mountains mouse mouth move moving much mud
mum murder murderer muscle museum music musician musicians must mutual mysterious mystery myth nail naked name narrow
nasty nation native natural naturals nature naughty navy near neat neck need needle neighbor neighbour neon nephew
nerd nerdy nerve nervous nest net never new news newspaper next nice nicely niche nickel niece night nightmare nine
noble nobody noise noisy none noodle noon normal north nose nostalgic note nothing notice nourishing novel november
now nuclear number nun nurse nut nutrition oak oat oatmeal object obsession ocean october odd oddball off offbeat
offer office officer often oil oils oily okay old older olive ominous once one onion only open opening opera
optimistic option orange orchid order ordinary organic organise organize origin original origins other outdoor
outdoors outer outfit outside outstanding oven over overnight own owner oxygen pace pacific pacifica pack package page
pain painful paint painter painting pair palace pale palm pan panic pants paper parabens parade paradise paragon
parent parents park parking part partner party pass passion passionate past pasta paste pastel patch path patience
patient pattern pause pay peace peaceful peach peachy peak pearl peeling pen pencil penguin people pepper peppermint
perfect perform perfumed perhaps period perm permanent person personal pet petal pets philosophy phone photo
photography physical piano pick picnic picture pie piece pig pigment pile pill pilot pimples pin pine pink pipe pirate
pirates pistol pit pitch pizza place plague plain plan plane planet plant plants plastic plate play player playful
pleasant please pleasure pleasures plenty plot pocket poem poet poetic poetry poignant point poison polar police
policeman polish polite political politician politicians politics pollen pond pony pool poor pop popcorn popular pore
pores port portable portrait posh positive possible post poster pot potato potion pottery pound powder power powerful
practical praise pray prayer premier premium present president press pressure prestige pretty prevent price priest
primal prime prince princess print prioritise prison prisoner private prize problem process produce product products
professional professor profit program progress project promise proof proper property protect proud prove provide
psoriasis psychological public pull pulp pump punch punk puppet puppy pure purple purpose purse push puzzle quaint
quality quarter queen quest question quick quiet quilt quirky quit quite quiz rabbit race racing radical radio rage
rail rain rainbow rainy raise ranch random range rapid rare raspberry rat rate rather raunchy raw ray razor reach
react read reader ready real realistic really reason rebel rebels recent recipe recipes record recover red redemption
redness reduce reef reflect refresh refreshing regime region regret regular relationship relax relaxed relaxing
release relief religion religious remain remake remedies remedy remember remind remote remove rent repair repeat reply
report reporter rescue rescues research respect rest restaurant result retail retired retro return revenge review
revision revolution reward rhythm rice rich riddle ride rifle right ring riot ripe rise risk rival river road roast
robbery robe robot rock rocket rodeo role roll roller romance romantic roof room root rope rose rosemary roses rotten
rough round route routine row royal royalty rub rubber rude rugby rule ruler rules run runaway runner rural rush
russian rust sack sacred sad sadder saddle safari safe safety sail sailor salad salary sale salon salt salty same sand
sandalwood sandy sarcastic satin satire satisfying sauce savage save scalp scandinavian scar scare scared scarf scary
scene scent scented school science scissors score scratch scream screen script sculpture sea seafood seal search
season seat second secret secrets section security seed seek select self sell send senior sense sensible sensitive
sentimental serial series serious servant serve service set seven several sewing sex sexy shade shades shadow shadows
shake shallow shame shape share shark sharks sharp shave shaving shea sheep sheer sheet shelf shell shelter shepherd
sheriff shield shift shimmer shimmery shine shiny ship shirt shirts shock shoe shoes shoot shop short shot shoulder
show shower shrimp shy sibling siblings sick side sight sign silent silicone silicones silk silky silly silver simple
sin since singer singers singing single sink sister sisters sit six size skate skateboarding skeleton sketch ski skill
skin skirt skull sky slap slapstick slave sleep sleepy slice slick slide slight slim slip slow slower slushy small
smart smearing smell smelling smells smelly smile smoke smooth smoothing smudging snack snake snakes snow snowy soap
soccer social society soft softer soil solar soldier soldiers solid solution solutions solve some son song songs soon
soothing sophisticated soppy sore sort soul sound soundtrack soup sour source south spa space spacecraft spain spanish
spark sparkle sparkles sparkling sparkly sparrow speak special species speech speed spell spend spf spice spicy spider
spiders spies spike spin spine spirit splash split spoil spoilers spooky spoon sport sports spot spots spray spread
spring spy square squirrel stable stadium stage stain staining stains stair stake stamp stand standard star stark
stars start state station statue stay steady steak steal steam steel steep stem step stick sticky stiff stiffness
still sting stinging stings stock stomach stone stop store stories storm story straight straightforward strange
stranger straw strawberry stream street strength stress stressful stretch strict strike string strip strong stubborn
student students studio study stuff stunning stunt stupid style suave subject submarine subtitles subtle suburb
success such sudden suffer sugar suggest suit suitable sulfate sulfates sulphate sultry summarise summarize summer
summery sun sunday sunlight sunny sunset super superb superhero superheroes supernatural support sure surf surface
surfing surgery surprise surprising surreal survival survive suspense suspenseful swamp swap swear swearing sweat
sweaty sweet swim swing sword symbol sympathetic system table tacky tail tale talent tales talk talking tall tan
tangling tank tanned tape target task taste tasteful taxi tea teach teacher teachers team tear tearjerker tears teen
teenager teens teeth tell temperature temple ten tender tense tension tent term terrible terrifying terror test text
texture thank theatre theme therapeutics therapy thick thief thieves thin thing think third thirst thorn thought
thoughtful thoughtprovoking thousand thread threat three thrill thriller thrilling throat throne throw thumb thunder
ticket tidal tide tidy tie tiger tight time timeless tin tingling tiny tip tired tiring tissue title toast today toe
together toilet tomato tomb tomorrow tone tongue tool tooth top topic torch torture total touch touching tough tour
tourist towel tower town toxic toy toys track trade tradition traditional tragedy tragic trail train trainer trap
trash trauma travel tray treat treatment tree trees trend trendy trial tribe trick trip tropical trouble truck true
trust truth try tube tulip tumble tuna tunnel turmeric turn turtle twin twins twist twisted twists type ugly ultra
umbrella uncle under underdog underground understand underwater undo unfair uniform union unit university unknown
unlike unscented unsettling until unusual up upbeat uplifting upper upset upsetting urban use useful usual vacation
vacuum valentine valley value vampire vampires van vanilla vanish vapor variety various vase vegan vegetable
vegetarian veil velvet velvety vengeance versatile version very vet veteran veterans vicious victim victory video
vietnam view village villain villains vine vintage violence violent violet violin virus vision visit vital vitamin
vivid voice volcano volume volumizing vote voyage wacky wage wait wake walk wall walls want war warm warming warmth
warning warrior warriors wash waste watch water waterproof wave waves wavy wax way weak wealth weapon wear weather web
wedding weddings weed week weekday weekend weigh weight weird welcome well west western wet whale wheel whimsical
white whitening wholesome wide widow wife wild wilderness will win wind window windy wine wing wings winner winter
wire wisdom wise wish wistful wit witch witches with witness witty wizard wizards wolf woman women wonder wonderful
wood wooden wool word words work worker workers working workout world worm worn worried worry worse worst worth wound
wrap wreck wrinkle wrinkles wrinkly wrist write writer writers wrong yard year yellow yes yesterday young younger
youth youthful zany zebra zero zest zombie zombies zone zoo
"""
ENGLISH = frozenset(_WORDS.split())

"""Everyday words for the values of a catalogue: each line is `what people say, … : the value they mean`.

A line counts only where the catalogue has the value. Two values joined by + are both meant. Data only.
"""

from __future__ import annotations

EVERYDAY = """
sci fi, scifi, science fiction, sf, sci-fi flick : sci-fi
doc, docs, docu, docus, doco, documentary film : documentary
romantic, romances, romcom drama, love story, love stories, romantic film : romance
rom com, romcom, rom coms, romcoms, romantic comedy, romantic comedies : romance + comedy
dramedy, dramedies, tragicomedy : comedy + drama
animated, animations, cartoon, cartoons, anime : animation
comedic, comedies : comedy
noir, noirs, film noirs, films noirs, noir film : film-noir
whodunit, whodunits, whodunnit, whodunnits, murder mystery : mystery
musicals : musical
thriller, suspense film : thriller
cowboy film, cowboy movie, cowboy films, cowboy movies, cowboy picture : western
war film, war films, war movie, war movies : war
horror film, slasher, slashers, horrors : horror
kids film, kids films, kids movie, kids movies, kid's film, kid's movie, kids' films, kids' movies : children's
vid, vids, clip, clips, movie : video
movies, footage, something to watch, anything to watch, stuff to watch, things to watch : video
film, films : video
something to read, anything to read, stuff to read, things to read, blog post : article
in writing, in written form : article
blog posts, write up, text to read, a read, reads : article
gig, gigs, concert, concerts, live show : event
live shows, something to go to, somewhere to go, something to attend, things to go to : event
gardening : garden
tech : technology
finance, finances, personal finance : money
handicraft, handicrafts, crafts, crafting : craft
travelling, traveling : travel
historical : history
scientific : science
fashion : textiles
synthesiser, synthesizer, synthesisers, synthesizers, synth : synths
bird : birds
choir, choral : choirs
veg, veggies, veggie : vegetables
computer programming, programming : coding
computers, computing : technology
perfume, perfumes, fragrances : fragrance
nail varnish, nail lacquer, nail varnishes, nail enamel : nail polish
nail varnish remover, nail lacquer remover, polish remover : nail polish remover
sun cream, suncream, sunblock, sun block, sun screen, sun lotion : sunscreens
flat iron, flat irons, hair straightener : flattening irons
hair straighteners, straightener, straighteners, straightening iron : flattening irons
curling tongs, curling tong, curling wand, curling wands : curling irons
blow dryer, blow dryers, blowdryer, hairdryer, hairdrier, hair drier, blow drier : hair dryers
lippy, lippie : lipstick
lashes, fake lashes, false lashes, fake eyelashes, false eyelashes : fake eyelashes & adhesives
fake nails, artificial nails, press on nails : false nails
face wash, facial wash, face washes : washes
facial cleanser, face cleanser : cleansers
hair dye, hair dyes, hair colour, hair colouring : hair color
hair ties, hair tie, scrunchie, scrunchies, hair elastics, hair bands : ponytail holders
bobby pin, bobby pins, hairpin, hairpins : hair pins
hair band, alice band : headbands
hair clip, hair clips, hair slide, hair slides, hair grips : clips
fake tan, self tan, self tanning lotion : self tanners
shower gel, shower gels : body washes
bath foam, foam bath : bubble bath
skincare, skin-care : skin care
haircare : hair care
make up, cosmetics : makeup
make up remover, makeup removers : makeup remover
make up brushes : makeup brushes & tools
eyebrow pencil, brow pencil, eyebrow powder, brow powder : eyebrow color
face powder, setting powder : powder
concealers : concealer
blusher, blushers, rouge : blush
rollers, curlers for hair, hair curlers : hair rollers
nail file, emery board, emery boards : nail files & buffers
nail clippers, nail clipper, nail trimmer : clippers & trimmers
makeup bag, makeup bags, make up bag, cosmetic bag, make up bags : cosmetic bags
wash bag, washbag, toiletry bag : toiletry bags
bath salts, bath salt : minerals & salts
cotton pads, cotton wool balls : cotton balls
q tips, cotton buds : cotton swabs
hand cream, hand lotion, hand creams : hand creams & lotions
cuticle oil, cuticle cream : cuticle creams & oils
bar soap, soap bar : soaps
edt : eau de toilette
edp : eau de parfum
for men, for a man, men, for guys, for gentlemen : men's
for women, for a woman, women, for ladies, ladies : women's
styling gel : gels
hair wax : pomades & waxes
brush, hairbrush, hair brush, hairbrushes : brushes
comb : combs
sponge, makeup sponge, make up sponge : puffs, sponges & wedges
"""


def everyday() -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The pairs of what is said and the values that are meant."""
    pairs = []
    for line in EVERYDAY.strip().splitlines():
        said, _, meant = line.partition(" : ")
        pairs.append(
            (tuple(part.strip() for part in said.split(",")), tuple(part.strip() for part in meant.split(" + ")))
        )
    return pairs

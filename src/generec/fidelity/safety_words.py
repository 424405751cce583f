"""A compact list of English words by class and by the lowest age class that may be shown them.

`*` stands for any ending. It is a floor, not a judgement: it misses what is said without these words, and what is said
in other languages. Operators add their own (`WordList.read`) and a trained classifier.
"""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "violence": {
        "teen": (
            "kill, kills, killed, killing*, killer*, murder*, gunman, gunmen, gunfire, gunshot*, shot dead, "
            "stabbed, stabbing*, bloodshed, bloody, blood-soaked, blood-curdling, corpse*, assassinat*, "
            "shooting spree, war crime*, strangl*, bludgeon*, hostage*, manslaughter, homicid*, knife "
            "attack*, dead bodies, horror film*, slasher*"
        ),
        "adult": (
            "gore, gory, gorefest*, behead*, decapitat*, dismember*, massacre*, mutilat*, torture*, "
            "torturing, disembowel*, eviscerat*, flayed alive, torture porn, snuff film*, cannibal*, impaled, "
            "execution video*"
        ),
        "nobody": (
            "build a bomb, make a bomb, building a bomb, pipe bomb*, kill them all, murder them all, nail "
            "bomb*, school shooting guide*, how to poison, acid attack guide*, kill your family"
        ),
    },
    "sex": {
        "teen": (
            "sexy, sexual*, nude*, nudity, stark naked, half-naked, naked women, naked men, naked people, "
            "lingerie, seduc*, striptease*, sensual*, topless, make love, condom, condoms, flirt with "
            "strangers"
        ),
        "adult": (
            "porn*, xxx, erotic*, orgasm*, blowjob*, handjob*, fetish*, masturbat*, hentai, camgirl*, "
            "onlyfans, escort service*, explicit sex, hardcore sex, sex scene*, sex toy*, fuck*, cunt*, "
            "dildo*, threesome*, swingers, bdsm, strip club*, stripper*, brothel*, prostitut*, cumshot*, "
            "milf, milfs, nsfw"
        ),
        "nobody": (
            "child porn*, kiddie porn*, underage sex, preteen sex, sex with minors, sex with children, "
            "bestiality, rape porn, revenge porn, lolita sex, incest porn, upskirt*, nonconsensual sex"
        ),
    },
    "drugs": {
        "teen": (
            "alcohol*, beer, beers, vodka, whisky, whiskey, booze, boozy, drunk*, hangover*, liquor, "
            "cigarette*, cigar, cigars, tobacco, vape*, vaping, binge drinking, pub crawl*, drinking game*, "
            "tequila, rum punch, hookah"
        ),
        "adult": (
            "cannabis, marijuana, cocaine, heroin, methamphetamine*, crystal meth, crack cocaine, lsd, "
            "ketamine, fentanyl, magic mushrooms, psilocybin, opium, snort cocaine, snort coke, snorting*, "
            "get high on, getting high on, stoned, smoke weed, smoking weed, ecstasy pills, mdma, "
            "amphetamine*, drug dealer*, acid trip*, bong, bongs, hashish, narcotic*, ayahuasca"
        ),
        "nobody": (
            "cook meth, cooking meth, make meth, buy cocaine, buy heroin, buy fentanyl, synthesise meth*, "
            "synthesize meth*, sell drugs to, drugs without prescription, spike her drink, spike their drink*"
        ),
    },
    "hate": {
        "teen": (
            "nazi*, racist*, racism, genocid*, ethnic cleansing, hate crime*, antisemit*, homophob*, "
            "lynching*, lynched, lynch mob*, slurs, racial slurs, racial slur*, swastika*, ku klux klan"
        ),
        "nobody": (
            "master race, subhuman*, untermensch*, white power, heil hitler, sieg heil, racial purity, race "
            "war now, inferior race*, gas them, gas the jews, go back to your country, vermin like them, "
            "exterminate them, nigger*, faggot*, kike*, wetback*, raghead*, tranny, trannies, all immigrants "
            "are*, women are inferior, death to all, ethnic purity, deport them all, filthy foreigner*, "
            "hitler was right, burn the mosque*, burn the synagogue*"
        ),
    },
    "self_harm": {
        "teen": "suicid*, self-harm*, anorexi*, bulimi*, overdos*, eating disorder*",
        "adult": (
            "cut myself, cutting myself, hang myself, kill myself, want to die, starve myself, hurt myself, "
            "suicide note*, wish i were dead"
        ),
        "nobody": (
            "kill yourself, kys, hang yourself, end your life, painless suicide, slit your wrist*, pro-ana, "
            "thinspo*, how to starve yourself, cut yourself deep*, suicide method*, jump off a bridge and "
            "die, everyone wants you dead, ways to kill yourself, suicide pact*, go die"
        ),
    },
    "gambling": {
        "adult": (
            "casino*, roulette, blackjack, bookmaker*, bookies, slot machine*, betting, sports bet*, "
            "jackpot*, wager*, gambl*, lottery ticket*, scratch card*, scratchcard*, free spins, poker room*, "
            "online poker, place your bet*, baccarat, craps table*, betting odds, high roller*, double your "
            "stake*, video poker, accumulator bet*"
        ),
        "nobody": (
            "bet your savings, gamble on credit, guaranteed win*, guaranteed jackpot*, cannot lose bet*, "
            "betting for kids, underage betting"
        ),
    },
}
"""Class -> lowest age class -> words, divided by commas. `nobody`: not to be shown at all."""

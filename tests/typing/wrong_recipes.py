"""Recipes that the type checker must refuse; every line that ends in `# wrong: CODE` is one. Never imported."""

from generec.decoding.beam import BeamSearch
from generec.decoding.exact import Exact
from generec.encoders.absent import NoFeatures
from generec.models.one_pass import OnePass, OnePassModel
from generec.models.sasrec import SasRec, SasRecModel
from generec.objectives.next_token import NextToken
from generec.objectives.sampled_softmax import SampledSoftmax
from generec.recipe import Recipe
from generec.templates.history import ItemHistory
from generec.tokenizers.atomic import Atomic
from generec.training.pretrain import Pretrain

right = Recipe[OnePassModel](
    name="right",
    paper="",
    encoder=NoFeatures(),
    tokenizer=Atomic(),
    template=ItemHistory(),
    model=OnePass(),
    stages=(Pretrain(objective=NextToken()),),
    decoder=Exact(),
)

decoder_that_needs_codes_on_a_model_without = Recipe[SasRecModel](
    name="wrong",
    paper="",
    encoder=NoFeatures(),
    tokenizer=Atomic(),
    template=ItemHistory(),
    model=SasRec(),
    stages=(Pretrain(objective=SampledSoftmax()),),
    decoder=BeamSearch(),  # wrong: arg-type
)

objective_that_needs_item_vectors_on_a_model_without = Recipe[OnePassModel](
    name="wrong",
    paper="",
    encoder=NoFeatures(),
    tokenizer=Atomic(),
    template=ItemHistory(),
    model=OnePass(),
    stages=(Pretrain(objective=SampledSoftmax()),),  # wrong: arg-type
    decoder=Exact(),
)

part_in_the_wrong_slot = Recipe[OnePassModel](
    name="wrong",
    paper="",
    encoder=Atomic(),  # wrong: arg-type
    tokenizer=Atomic(),
    template=ItemHistory(),
    model=OnePass(),
    stages=(Pretrain(objective=NextToken()),),
    decoder=Exact(),
)

another_model_than_declared = Recipe[OnePassModel](
    name="wrong",
    paper="",
    encoder=NoFeatures(),
    tokenizer=Atomic(),
    template=ItemHistory(),
    model=SasRec(),  # wrong: arg-type
    stages=(Pretrain(objective=NextToken()),),
    decoder=Exact(),
)

misspelt_hyperparameter = OnePass(widht=64)  # wrong: call-arg

part_by_name_instead_of_object = Pretrain[OnePassModel](objective="next_token")  # wrong: arg-type

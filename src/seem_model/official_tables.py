"""Rows of names, ours and those of official SEEM checkpoints, part by part.

Written from the names and shapes of the official models (v0 and v1 share them). In a row, ``#``
stands for a number and ``*`` for the rest of a name. A name alone tells its row, whichever model it
is from, so that all models share one table.
"""

from __future__ import annotations

Rows = tuple[tuple[str, str], ...]  # (ours, official)

_PIXEL = "sem_seg_head.pixel_decoder"
_HEAD = "sem_seg_head.predictor"
_TEXT = f"{_HEAD}.lang_encoder"
_OUR_ENCODER, _ENCODER = "pixel_decoder.encoder.#", f"{_PIXEL}.transformer.encoder.layers.#"
_OUR_BLOCK, _BLOCK = "text.transformer.encoder.layers.#", f"{_TEXT}.lang_encoder.resblocks.#"
_OUR_STAGE, _STAGE = "backbone.trunk.blocks.#.#", "backbone.blocks.#.#"

# Tensors that we do not keep.
REBUILT = (
    "dilation_kernel",  # 3x3 ones, with which the next click is looked for
    "criterion.empty_weight",  # weights of the classes in the loss; a setting, nothing learned
)

_FOCAL: Rows = (
    ("backbone.stem.*", "backbone.patch_embed.*"),  # SAM's as well
    (
        "backbone.stages.#.blocks.#.modulation.focal_layers.#.weight",
        "backbone.layers.#.blocks.#.modulation.focal_layers.#.0.weight",
    ),
    ("backbone.stages.#.blocks.*", "backbone.layers.#.blocks.*"),
    ("backbone.downs.#.*", "backbone.layers.#.downsample.*"),
    ("backbone.norms.#.*", "backbone.norm#.*"),
)

_SAM: Rows = (
    ("backbone.pos_embed", "backbone.pos_embed"),
    ("backbone.layers.#.layer_norm#.*", "backbone.blocks.#.norm#.*"),
    ("backbone.layers.#.attn.*", "backbone.blocks.#.attn.*"),
    ("backbone.layers.#.mlp.*", "backbone.blocks.#.mlp.*"),
    ("backbone.neck.*", "backbone.neck.*"),
)

_DAVIT: Rows = (
    ("backbone.trunk.convs.#.conv.*", "backbone.convs.#.proj.*"),
    ("backbone.trunk.convs.#.norm.*", "backbone.convs.#.norm.*"),
    (f"{_OUR_STAGE}.spatial_block.conv#.*", f"{_STAGE}.spatial_block.conv#.fn.dw.*"),
    (f"{_OUR_STAGE}.spatial_block.norm1.*", f"{_STAGE}.spatial_block.window_attn.norm.*"),
    (f"{_OUR_STAGE}.spatial_block.window_attn.*", f"{_STAGE}.spatial_block.window_attn.fn.*"),
    (f"{_OUR_STAGE}.spatial_block.norm2.*", f"{_STAGE}.spatial_block.ffn.norm.*"),
    (f"{_OUR_STAGE}.spatial_block.ffn.*", f"{_STAGE}.spatial_block.ffn.fn.net.*"),
    (f"{_OUR_STAGE}.channel_block.conv#.*", f"{_STAGE}.channel_block.conv#.fn.dw.*"),
    (f"{_OUR_STAGE}.channel_block.norm1.*", f"{_STAGE}.channel_block.channel_attn.norm.*"),
    (f"{_OUR_STAGE}.channel_block.channel_attn.*", f"{_STAGE}.channel_block.channel_attn.fn.*"),
    (f"{_OUR_STAGE}.channel_block.norm2.*", f"{_STAGE}.channel_block.ffn.norm.*"),
    (f"{_OUR_STAGE}.channel_block.ffn.*", f"{_STAGE}.channel_block.ffn.fn.net.*"),
)

_PIXEL_DECODER: Rows = (
    ("pixel_decoder.input_proj.*", f"{_PIXEL}.input_proj.*"),
    (f"{_OUR_ENCODER}.attention.self_attn.*", f"{_ENCODER}.self_attn.*"),
    (f"{_OUR_ENCODER}.attention.norm.*", f"{_ENCODER}.norm1.*"),
    (f"{_OUR_ENCODER}.ffn.norm.*", f"{_ENCODER}.norm2.*"),
    (f"{_OUR_ENCODER}.ffn.*", f"{_ENCODER}.*"),
    ("pixel_decoder.level_embed", f"{_PIXEL}.transformer.level_embed"),  # SAM's only
    # The official numbers count from the finest map, ours from the coarsest.
    ("pixel_decoder.adapters.0.0.weight", f"{_PIXEL}.adapter_3.weight"),
    ("pixel_decoder.adapters.1.0.weight", f"{_PIXEL}.adapter_2.weight"),
    ("pixel_decoder.adapters.2.0.weight", f"{_PIXEL}.adapter_1.weight"),
    ("pixel_decoder.adapters.0.1.*", f"{_PIXEL}.adapter_3.norm.*"),
    ("pixel_decoder.adapters.1.1.*", f"{_PIXEL}.adapter_2.norm.*"),
    ("pixel_decoder.adapters.2.1.*", f"{_PIXEL}.adapter_1.norm.*"),
    ("pixel_decoder.smooth.0.0.weight", f"{_PIXEL}.layer_4.weight"),
    ("pixel_decoder.smooth.1.0.weight", f"{_PIXEL}.layer_3.weight"),
    ("pixel_decoder.smooth.2.0.weight", f"{_PIXEL}.layer_2.weight"),
    ("pixel_decoder.smooth.3.0.weight", f"{_PIXEL}.layer_1.weight"),
    ("pixel_decoder.smooth.0.1.*", f"{_PIXEL}.layer_4.norm.*"),
    ("pixel_decoder.smooth.1.1.*", f"{_PIXEL}.layer_3.norm.*"),
    ("pixel_decoder.smooth.2.1.*", f"{_PIXEL}.layer_2.norm.*"),
    ("pixel_decoder.smooth.3.1.*", f"{_PIXEL}.layer_1.norm.*"),
    ("pixel_decoder.mask_features.*", f"{_PIXEL}.mask_features.*"),
)

_DECODER: Rows = (
    ("decoder.class_embed", f"{_HEAD}.class_embed"),
    ("decoder.query_feat.weight", f"{_HEAD}.query_feat.weight"),
    ("decoder.query_embed.weight", f"{_HEAD}.query_embed.weight"),
    ("decoder.level_embed.weight", f"{_HEAD}.level_embed.weight"),
    ("decoder.memory_feat.weight", f"{_HEAD}.spatial_featured.weight"),
    ("decoder.memory_embed.weight", f"{_HEAD}.spatial_embed.weight"),
    ("decoder.sampler.projections.#", f"{_HEAD}.mask_sptial_embed.#"),
    ("decoder.sampler.sign_embed.weight", f"{_HEAD}.pn_indicator.weight"),
    ("decoder.cross.#.*", f"{_HEAD}.transformer_cross_attention_layers.#.*"),
    ("decoder.self_attention.#.*", f"{_HEAD}.transformer_self_attention_layers.#.*"),
    ("decoder.ffn.#.*", f"{_HEAD}.transformer_ffn_layers.#.*"),
    ("decoder.norm.*", f"{_HEAD}.decoder_norm.*"),
    ("decoder.mask_embed.0.*", f"{_HEAD}.mask_embed.layers.0.*"),
    ("decoder.mask_embed.2.*", f"{_HEAD}.mask_embed.layers.1.*"),
    ("decoder.mask_embed.4.*", f"{_HEAD}.mask_embed.layers.2.*"),
)

_TEXT_TOWER: Rows = (
    ("lang_proj", f"{_TEXT}.lang_proj"),
    ("logit_scale", f"{_TEXT}.logit_scale"),
    ("text.transformer.embeddings.token_embedding.*", f"{_TEXT}.lang_encoder.token_embedding.*"),
    (
        "text.transformer.embeddings.position_embedding.weight",
        f"{_TEXT}.lang_encoder.positional_embedding",
    ),
    ("text.transformer.final_layer_norm.*", f"{_TEXT}.lang_encoder.ln_final.*"),
    (f"{_OUR_BLOCK}.self_attn.out_proj.*", f"{_BLOCK}.attn.out_proj.*"),
    (f"{_OUR_BLOCK}.self_attn.packed_weight", f"{_BLOCK}.attn.in_proj_weight"),
    (f"{_OUR_BLOCK}.self_attn.packed_bias", f"{_BLOCK}.attn.in_proj_bias"),
    (f"{_OUR_BLOCK}.layer_norm1.*", f"{_BLOCK}.ln_1.*"),
    (f"{_OUR_BLOCK}.layer_norm2.*", f"{_BLOCK}.ln_2.*"),
    (f"{_OUR_BLOCK}.mlp.fc1.*", f"{_BLOCK}.mlp.c_fc.*"),
    (f"{_OUR_BLOCK}.mlp.fc2.*", f"{_BLOCK}.mlp.c_proj.*"),
)

RENAMES: Rows = _FOCAL + _SAM + _DAVIT + _PIXEL_DECODER + _DECODER + _TEXT_TOWER

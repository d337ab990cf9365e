/* SPDX-License-Identifier: Apache-2.0 */
/* The messages that stepc knows, one table per message in the order of TensorFlow's .proto
 * files. A map<K,V> field is a repeated message {key, value}, as on the wire. */
#include "runtime/graph/message_internal.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ONE(name, number, kind) {name, number, kind, false, NULL, NULL}
#define MANY(name, number, kind) {name, number, kind, true, NULL, NULL}
#define SUB(name, number, type) {name, number, FIELD_MESSAGE, false, &(type), NULL}
#define SUBS(name, number, type) {name, number, FIELD_MESSAGE, true, &(type), NULL}
#define ENUM(name, number, names) {name, number, FIELD_ENUM, false, NULL, names}
#define ENUMS(name, number, names) {name, number, FIELD_ENUM, true, NULL, names}
#define MESSAGE(storage, variable, title, fields)                                                                      \
    storage const message_type variable = {title, fields, COUNT_OF(fields)}
#define MAP(prefix, title, key_kind, value_field)                                                                      \
    static const message_field prefix##_fields[] = {ONE("key", 1, key_kind), value_field};                             \
    MESSAGE(static, prefix, title, prefix##_fields)
#define PUBLIC

static const enum_name dtype_names[] = {
    {"DT_INVALID", 0},     {"DT_FLOAT", 1},       {"DT_DOUBLE", 2},          {"DT_INT32", 3},
    {"DT_UINT8", 4},       {"DT_INT16", 5},       {"DT_INT8", 6},            {"DT_STRING", 7},
    {"DT_COMPLEX64", 8},   {"DT_INT64", 9},       {"DT_BOOL", 10},           {"DT_QINT8", 11},
    {"DT_QUINT8", 12},     {"DT_QINT32", 13},     {"DT_BFLOAT16", 14},       {"DT_QINT16", 15},
    {"DT_QUINT16", 16},    {"DT_UINT16", 17},     {"DT_COMPLEX128", 18},     {"DT_HALF", 19},
    {"DT_RESOURCE", 20},   {"DT_VARIANT", 21},    {"DT_UINT32", 22},         {"DT_UINT64", 23},
    {"DT_FLOAT8_E5M2", 24}, {"DT_FLOAT8_E4M3FN", 25}, {"DT_FLOAT8_E4M3FNUZ", 26}, {"DT_FLOAT8_E4M3B11FNUZ", 27},
    {"DT_FLOAT8_E5M2FNUZ", 28}, {"DT_INT4", 29},  {"DT_UINT4", 30},          {"DT_INT2", 31},
    {"DT_UINT2", 32},      {"DT_FLOAT4_E2M1FN", 33},
    {"DT_FLOAT_REF", 101}, {"DT_DOUBLE_REF", 102}, {"DT_INT32_REF", 103},    {"DT_UINT8_REF", 104},
    {"DT_INT16_REF", 105}, {"DT_INT8_REF", 106},  {"DT_STRING_REF", 107},    {"DT_COMPLEX64_REF", 108},
    {"DT_INT64_REF", 109}, {"DT_BOOL_REF", 110},  {"DT_QINT8_REF", 111},     {"DT_QUINT8_REF", 112},
    {"DT_QINT32_REF", 113}, {"DT_BFLOAT16_REF", 114}, {"DT_QINT16_REF", 115}, {"DT_QUINT16_REF", 116},
    {"DT_UINT16_REF", 117}, {"DT_COMPLEX128_REF", 118}, {"DT_HALF_REF", 119}, {"DT_RESOURCE_REF", 120},
    {"DT_VARIANT_REF", 121}, {"DT_UINT32_REF", 122}, {"DT_UINT64_REF", 123}, {NULL, 0},
};
static const enum_name saver_version_names[] = {{"LEGACY", 0}, {"V1", 1}, {"V2", 2}, {NULL, 0}};
static const enum_name endianness_names[] = {{"LITTLE", 0}, {"BIG", 1}, {NULL, 0}};

/* Contents that stepc does not look at: skipped by both readers, lost by the writers. */
const message_type message_opaque = {"Opaque", NULL, 0};

/* ---- tensors --------------------------------------------------------------------------- */

static const message_field dim_fields[] = {ONE("size", 1, FIELD_INT64), ONE("name", 2, FIELD_STRING)};
MESSAGE(static, message_dim, "TensorShapeProto.Dim", dim_fields);

static const message_field shape_fields[] = {SUBS("dim", 2, message_dim), ONE("unknown_rank", 3, FIELD_BOOL)};
MESSAGE(PUBLIC, message_tensor_shape, "TensorShapeProto", shape_fields);

static const message_field dtype_and_shape_fields[] = {
    ENUM("dtype", 1, dtype_names),
    SUB("shape", 2, message_tensor_shape),
};
MESSAGE(static, message_dtype_and_shape, "ResourceHandleProto.DtypeAndShape", dtype_and_shape_fields);

static const message_field resource_handle_fields[] = {
    ONE("device", 1, FIELD_STRING),    ONE("container", 2, FIELD_STRING),
    ONE("name", 3, FIELD_STRING),      ONE("hash_code", 4, FIELD_UINT64),
    ONE("maybe_type_name", 5, FIELD_STRING),
    SUBS("dtypes_and_shapes", 6, message_dtype_and_shape),
};
MESSAGE(static, message_resource_handle, "ResourceHandleProto", resource_handle_fields);

static const message_field variant_fields[] = {
    ONE("type_name", 1, FIELD_STRING),
    ONE("metadata", 2, FIELD_BYTES),
    SUBS("tensors", 3, message_tensor_proto),
};
MESSAGE(static, message_variant, "VariantTensorDataProto", variant_fields);

static const message_field tensor_fields[] = {
    ENUM("dtype", 1, dtype_names),
    SUB("tensor_shape", 2, message_tensor_shape),
    ONE("version_number", 3, FIELD_INT32),
    ONE("tensor_content", 4, FIELD_BYTES),
    MANY("float_val", 5, FIELD_FLOAT),
    MANY("double_val", 6, FIELD_DOUBLE),
    MANY("int_val", 7, FIELD_INT32),
    MANY("string_val", 8, FIELD_BYTES),
    MANY("scomplex_val", 9, FIELD_FLOAT),
    MANY("int64_val", 10, FIELD_INT64),
    MANY("bool_val", 11, FIELD_BOOL),
    MANY("dcomplex_val", 12, FIELD_DOUBLE),
    MANY("half_val", 13, FIELD_INT32),
    SUBS("resource_handle_val", 14, message_resource_handle),
    SUBS("variant_val", 15, message_variant),
    MANY("uint32_val", 16, FIELD_UINT32),
    MANY("uint64_val", 17, FIELD_UINT64),
    ONE("float8_val", 18, FIELD_BYTES),
};
MESSAGE(PUBLIC, message_tensor_proto, "TensorProto", tensor_fields);

/* ---- attributes ------------------------------------------------------------------------ */

static const message_type message_attr_entry;

static const message_field name_attr_list_fields[] = {
    ONE("name", 1, FIELD_STRING),
    SUBS("attr", 2, message_attr_entry),
};
MESSAGE(static, message_name_attr_list, "NameAttrList", name_attr_list_fields);

static const message_field list_value_fields[] = {
    MANY("s", 2, FIELD_BYTES),
    MANY("i", 3, FIELD_INT64),
    MANY("f", 4, FIELD_FLOAT),
    MANY("b", 5, FIELD_BOOL),
    ENUMS("type", 6, dtype_names),
    SUBS("shape", 7, message_tensor_shape),
    SUBS("tensor", 8, message_tensor_proto),
    SUBS("func", 9, message_name_attr_list),
};
MESSAGE(static, message_list_value, "AttrValue.ListValue", list_value_fields);

static const message_field attr_value_fields[] = {
    SUB("list", 1, message_list_value),
    ONE("s", 2, FIELD_BYTES),
    ONE("i", 3, FIELD_INT64),
    ONE("f", 4, FIELD_FLOAT),
    ONE("b", 5, FIELD_BOOL),
    ENUM("type", 6, dtype_names),
    SUB("shape", 7, message_tensor_shape),
    SUB("tensor", 8, message_tensor_proto),
    ONE("placeholder", 9, FIELD_STRING),
    SUB("func", 10, message_name_attr_list),
};
MESSAGE(PUBLIC, message_attr_value, "AttrValue", attr_value_fields);

static const message_field attr_entry_fields[] = {
    ONE("key", 1, FIELD_STRING),
    SUB("value", 2, message_attr_value),
};
static const message_type message_attr_entry = {"AttrEntry", attr_entry_fields, COUNT_OF(attr_entry_fields)};

/* ---- operator definitions and functions ------------------------------------------------ */

static const message_field arg_def_fields[] = {
    ONE("name", 1, FIELD_STRING),          ONE("description", 2, FIELD_STRING),
    ENUM("type", 3, dtype_names),          ONE("type_attr", 4, FIELD_STRING),
    ONE("number_attr", 5, FIELD_STRING),   ONE("type_list_attr", 6, FIELD_STRING),
    SUBS("handle_data", 7, message_dtype_and_shape),
    ONE("is_ref", 16, FIELD_BOOL),         SUB("experimental_full_type", 17, message_opaque),
};
MESSAGE(static, message_arg_def, "OpDef.ArgDef", arg_def_fields);

static const message_field attr_def_fields[] = {
    ONE("name", 1, FIELD_STRING),
    ONE("type", 2, FIELD_STRING),
    SUB("default_value", 3, message_attr_value),
    ONE("description", 4, FIELD_STRING),
    ONE("has_minimum", 5, FIELD_BOOL),
    ONE("minimum", 6, FIELD_INT64),
    SUB("allowed_values", 7, message_attr_value),
};
MESSAGE(static, message_attr_def, "OpDef.AttrDef", attr_def_fields);

static const message_field deprecation_fields[] = {
    ONE("version", 1, FIELD_INT32),
    ONE("explanation", 2, FIELD_STRING),
};
MESSAGE(static, message_deprecation, "OpDeprecation", deprecation_fields);

static const message_field op_def_fields[] = {
    ONE("name", 1, FIELD_STRING),
    SUBS("input_arg", 2, message_arg_def),
    SUBS("output_arg", 3, message_arg_def),
    SUBS("attr", 4, message_attr_def),
    ONE("summary", 5, FIELD_STRING),
    ONE("description", 6, FIELD_STRING),
    SUB("deprecation", 8, message_deprecation),
    ONE("is_aggregate", 16, FIELD_BOOL),
    ONE("is_stateful", 17, FIELD_BOOL),
    ONE("is_commutative", 18, FIELD_BOOL),
    ONE("allows_uninitialized_input", 19, FIELD_BOOL),
    MANY("control_output", 20, FIELD_STRING),
    ONE("is_distributed_communication", 21, FIELD_BOOL),
};
MESSAGE(PUBLIC, message_op_def, "OpDef", op_def_fields);

static const message_field node_debug_fields[] = {
    MANY("original_node_names", 1, FIELD_STRING),
    MANY("original_func_names", 2, FIELD_STRING),
};
MESSAGE(static, message_node_debug, "NodeDef.ExperimentalDebugInfo", node_debug_fields);

static const message_field node_fields[] = {
    ONE("name", 1, FIELD_STRING),
    ONE("op", 2, FIELD_STRING),
    MANY("input", 3, FIELD_STRING),
    ONE("device", 4, FIELD_STRING),
    SUBS("attr", 5, message_attr_entry),
    SUB("experimental_debug_info", 6, message_node_debug),
    SUB("experimental_type", 7, message_opaque),
};
MESSAGE(PUBLIC, message_node_def, "NodeDef", node_fields);

static const message_field arg_attrs_fields[] = {SUBS("attr", 1, message_attr_entry)};
MESSAGE(static, message_arg_attrs, "FunctionDef.ArgAttrs", arg_attrs_fields);
MAP(message_arg_attr_entry, "ArgAttrEntry", FIELD_UINT32, SUB("value", 2, message_arg_attrs));
MAP(message_string_entry, "StringEntry", FIELD_STRING, ONE("value", 2, FIELD_STRING));
MAP(message_resource_id_entry, "ResourceArgUniqueIdEntry", FIELD_UINT32, ONE("value", 2, FIELD_UINT32));

static const message_field function_fields[] = {
    SUB("signature", 1, message_op_def),
    SUBS("node_def", 3, message_node_def),
    SUBS("ret", 4, message_string_entry),
    SUBS("attr", 5, message_attr_entry),
    SUBS("control_ret", 6, message_string_entry),
    SUBS("arg_attr", 7, message_arg_attr_entry),
    SUBS("resource_arg_unique_id", 8, message_resource_id_entry),
};
MESSAGE(static, message_function_def, "FunctionDef", function_fields);

static const message_field gradient_fields[] = {
    ONE("function_name", 1, FIELD_STRING),
    ONE("gradient_func", 2, FIELD_STRING),
};
MESSAGE(static, message_gradient_def, "GradientDef", gradient_fields);

static const message_field registered_gradient_fields[] = {
    ONE("gradient_func", 1, FIELD_STRING),
    ONE("registered_op_type", 2, FIELD_STRING),
};
MESSAGE(static, message_registered_gradient, "RegisteredGradient", registered_gradient_fields);

static const message_field library_fields[] = {
    SUBS("function", 1, message_function_def),
    SUBS("gradient", 2, message_gradient_def),
    SUBS("registered_gradients", 3, message_registered_gradient),
};
MESSAGE(PUBLIC, message_function_def_library, "FunctionDefLibrary", library_fields);

/* ---- graphs ---------------------------------------------------------------------------- */

static const message_field versions_fields[] = {
    ONE("producer", 1, FIELD_INT32),
    ONE("min_consumer", 2, FIELD_INT32),
    MANY("bad_consumers", 3, FIELD_INT32),
};
MESSAGE(static, message_version_def, "VersionDef", versions_fields);

static const message_field graph_fields[] = {
    SUBS("node", 1, message_node_def),
    SUB("library", 2, message_function_def_library),
    ONE("version", 3, FIELD_INT32),
    SUB("versions", 4, message_version_def),
    SUB("debug_info", 5, message_opaque),
};
MESSAGE(PUBLIC, message_graph_def, "GraphDef", graph_fields);

static const message_field op_list_fields[] = {SUBS("op", 1, message_op_def)};
MESSAGE(static, message_op_list, "OpList", op_list_fields);

const message_field message_any_fields[] = {ONE("type_url", 1, FIELD_STRING), ONE("value", 2, FIELD_BYTES)};
MESSAGE(PUBLIC, message_any, "Any", message_any_fields);

static const message_field meta_info_fields[] = {
    ONE("meta_graph_version", 1, FIELD_STRING),
    SUB("stripped_op_list", 2, message_op_list),
    SUB("any_info", 3, message_any),
    MANY("tags", 4, FIELD_STRING),
    ONE("tensorflow_version", 5, FIELD_STRING),
    ONE("tensorflow_git_version", 6, FIELD_STRING),
    ONE("stripped_default_attrs", 7, FIELD_BOOL),
    SUBS("function_aliases", 8, message_string_entry),
};
MESSAGE(static, message_meta_info, "MetaInfoDef", meta_info_fields);

static const message_field saver_fields[] = {
    ONE("filename_tensor_name", 1, FIELD_STRING),
    ONE("save_tensor_name", 2, FIELD_STRING),
    ONE("restore_op_name", 3, FIELD_STRING),
    ONE("max_to_keep", 4, FIELD_INT32),
    ONE("sharded", 5, FIELD_BOOL),
    ONE("keep_checkpoint_every_n_hours", 6, FIELD_FLOAT),
    ENUM("version", 7, saver_version_names),
};
MESSAGE(static, message_saver_def, "SaverDef", saver_fields);

static const message_field node_list_fields[] = {MANY("value", 1, FIELD_STRING)};
MESSAGE(static, message_node_list, "NodeList", node_list_fields);
static const message_field bytes_list_fields[] = {MANY("value", 1, FIELD_BYTES)};
MESSAGE(static, message_bytes_list, "BytesList", bytes_list_fields);
static const message_field int64_list_fields[] = {MANY("value", 1, FIELD_INT64)};
MESSAGE(static, message_int64_list, "Int64List", int64_list_fields);
static const message_field float_list_fields[] = {MANY("value", 1, FIELD_FLOAT)};
MESSAGE(static, message_float_list, "FloatList", float_list_fields);
static const message_field any_list_fields[] = {SUBS("value", 1, message_any)};
MESSAGE(static, message_any_list, "AnyList", any_list_fields);

static const message_field collection_fields[] = {
    SUB("node_list", 1, message_node_list),
    SUB("bytes_list", 2, message_bytes_list),
    SUB("int64_list", 3, message_int64_list),
    SUB("float_list", 4, message_float_list),
    SUB("any_list", 5, message_any_list),
};
MESSAGE(static, message_collection_def, "CollectionDef", collection_fields);
MAP(message_collection_entry, "CollectionDefEntry", FIELD_STRING, SUB("value", 2, message_collection_def));

static const message_field coo_sparse_fields[] = {
    ONE("values_tensor_name", 1, FIELD_STRING),
    ONE("indices_tensor_name", 2, FIELD_STRING),
    ONE("dense_shape_tensor_name", 3, FIELD_STRING),
};
MESSAGE(static, message_coo_sparse, "TensorInfo.CooSparse", coo_sparse_fields);

static const message_field composite_fields[] = {
    SUB("type_spec", 1, message_opaque),
    SUBS("components", 2, message_tensor_info),
};
MESSAGE(static, message_composite_tensor, "TensorInfo.CompositeTensor", composite_fields);

static const message_field tensor_info_fields[] = {
    ONE("name", 1, FIELD_STRING),
    ENUM("dtype", 2, dtype_names),
    SUB("tensor_shape", 3, message_tensor_shape),
    SUB("coo_sparse", 4, message_coo_sparse),
    SUB("composite_tensor", 5, message_composite_tensor),
};
MESSAGE(PUBLIC, message_tensor_info, "TensorInfo", tensor_info_fields);
MAP(message_tensor_info_entry, "TensorInfoEntry", FIELD_STRING, SUB("value", 2, message_tensor_info));
MAP(message_default_entry, "DefaultsEntry", FIELD_STRING, SUB("value", 2, message_tensor_proto));

static const message_field signature_fields[] = {
    SUBS("inputs", 1, message_tensor_info_entry),
    SUBS("outputs", 2, message_tensor_info_entry),
    ONE("method_name", 3, FIELD_STRING),
    SUBS("defaults", 4, message_default_entry),
};
MESSAGE(PUBLIC, message_signature_def, "SignatureDef", signature_fields);
MAP(message_signature_entry, "SignatureDefEntry", FIELD_STRING, SUB("value", 2, message_signature_def));

static const message_field asset_fields[] = {
    SUB("tensor_info", 1, message_tensor_info),
    ONE("filename", 2, FIELD_STRING),
};
MESSAGE(static, message_asset_file, "AssetFileDef", asset_fields);

static const message_field meta_graph_fields[] = {
    SUB("meta_info_def", 1, message_meta_info),
    SUB("graph_def", 2, message_graph_def),
    SUB("saver_def", 3, message_saver_def),
    SUBS("collection_def", 4, message_collection_entry),
    SUBS("signature_def", 5, message_signature_entry),
    SUBS("asset_file_def", 6, message_asset_file),
    SUB("object_graph_def", 7, message_opaque),
};
MESSAGE(PUBLIC, message_meta_graph_def, "MetaGraphDef", meta_graph_fields);

static const message_field saved_model_fields[] = {
    ONE("saved_model_schema_version", 1, FIELD_INT64),
    SUBS("meta_graphs", 2, message_meta_graph_def),
};
MESSAGE(PUBLIC, message_saved_model, "SavedModel", saved_model_fields);

/* ---- checkpoints ----------------------------------------------------------------------- */

static const message_field checkpoint_state_fields[] = {
    ONE("model_checkpoint_path", 1, FIELD_STRING),
    MANY("all_model_checkpoint_paths", 2, FIELD_STRING),
    MANY("all_model_checkpoint_timestamps", 3, FIELD_DOUBLE),
    ONE("last_preserved_timestamp", 4, FIELD_DOUBLE),
};
MESSAGE(PUBLIC, message_checkpoint_state, "CheckpointState", checkpoint_state_fields);

static const message_field bundle_header_fields[] = {
    ONE("num_shards", 1, FIELD_INT32),
    ENUM("endianness", 2, endianness_names),
    SUB("version", 3, message_version_def),
};
MESSAGE(PUBLIC, message_bundle_header, "BundleHeaderProto", bundle_header_fields);

static const message_field extent_fields[] = {ONE("start", 1, FIELD_INT64), ONE("length", 2, FIELD_INT64)};
MESSAGE(static, message_extent, "TensorSliceProto.Extent", extent_fields);
static const message_field slice_fields[] = {SUBS("extent", 1, message_extent)};
MESSAGE(static, message_tensor_slice, "TensorSliceProto", slice_fields);

static const message_field bundle_entry_fields[] = {
    ENUM("dtype", 1, dtype_names),
    SUB("shape", 2, message_tensor_shape),
    ONE("shard_id", 3, FIELD_INT32),
    ONE("offset", 4, FIELD_INT64),
    ONE("size", 5, FIELD_INT64),
    ONE("crc32c", 6, FIELD_FIXED32),
    SUBS("slices", 7, message_tensor_slice),
};
MESSAGE(PUBLIC, message_bundle_entry, "BundleEntryProto", bundle_entry_fields);

/* ---- tfcompile's configuration, with repeated callables as our addition ------------------ */

static const message_field tensor_id_fields[] = {
    ONE("node_name", 1, FIELD_STRING),
    ONE("output_index", 2, FIELD_INT64),
};
MESSAGE(static, message_tensor_id, "tf2xla.TensorId", tensor_id_fields);

static const message_field feed_fields[] = {
    SUB("id", 1, message_tensor_id),
    SUB("shape", 2, message_tensor_shape),
    ONE("name", 3, FIELD_STRING),
    ENUM("type", 4, dtype_names),
};
MESSAGE(static, message_feed, "tf2xla.Feed", feed_fields);

static const message_field fetch_fields[] = {
    SUB("id", 1, message_tensor_id),
    ONE("name", 2, FIELD_STRING),
    SUB("shape", 3, message_tensor_shape),
    ENUM("type", 4, dtype_names),
};
MESSAGE(static, message_fetch, "tf2xla.Fetch", fetch_fields);

static const message_field variable_fields[] = {
    ONE("node_name", 1, FIELD_STRING),
    ONE("name", 2, FIELD_STRING),
    SUB("shape", 3, message_tensor_shape),
    ENUM("type", 4, dtype_names),
    ONE("readonly", 5, FIELD_BOOL),
};
MESSAGE(static, message_variable, "tf2xla.Variable", variable_fields);

static const message_field callable_fields[] = {
    ONE("name", 1, FIELD_STRING),
    SUBS("feed", 2, message_feed),
    SUBS("fetch", 3, message_fetch),
    MANY("target", 4, FIELD_STRING),
};
MESSAGE(static, message_callable, "stepc.Callable", callable_fields);

static const message_field config_fields[] = {
    SUBS("feed", 1, message_feed),
    SUBS("fetch", 2, message_fetch),
    SUBS("variable", 3, message_variable),
    SUB("conversion_options", 4, message_opaque),
    SUBS("callable", 100, message_callable),
};
MESSAGE(PUBLIC, message_tf2xla_config, "tf2xla.Config", config_fields);

/* ---- configuration of sessions and runs --------------------------------------------------- */

static const enum_name optimizer_level_names[] = {{"L1", 0}, {"L0", -1}, {NULL, 0}};
static const enum_name jit_level_names[] = {{"DEFAULT", 0}, {"OFF", -1}, {"ON_1", 1}, {"ON_2", 2}, {NULL, 0}};
static const enum_name trace_level_names[] = {
    {"NO_TRACE", 0}, {"SOFTWARE_TRACE", 1}, {"HARDWARE_TRACE", 2}, {"FULL_TRACE", 3}, {NULL, 0},
};

MAP(message_device_count_entry, "DeviceCountEntry", FIELD_STRING, ONE("value", 2, FIELD_INT32));

static const message_field optimizer_fields[] = {
    ONE("do_common_subexpression_elimination", 1, FIELD_BOOL),
    ONE("do_constant_folding", 2, FIELD_BOOL),
    ENUM("opt_level", 3, optimizer_level_names),
    ONE("do_function_inlining", 4, FIELD_BOOL),
    ENUM("global_jit_level", 5, jit_level_names),
    ONE("max_folded_constant_in_bytes", 6, FIELD_INT64),
    ONE("cpu_global_jit", 7, FIELD_BOOL),
};
MESSAGE(static, message_optimizer_options, "OptimizerOptions", optimizer_fields);

static const message_field graph_options_fields[] = {
    ONE("enable_recv_scheduling", 2, FIELD_BOOL),
    SUB("optimizer_options", 3, message_optimizer_options),
    ONE("build_cost_model", 4, FIELD_INT64),
    ONE("infer_shapes", 5, FIELD_BOOL),
    ONE("place_pruned_graph", 6, FIELD_BOOL),
    ONE("enable_bfloat16_sendrecv", 7, FIELD_BOOL),
    ONE("timeline_step", 8, FIELD_INT32),
    ONE("build_cost_model_after", 9, FIELD_INT64),
    SUB("rewrite_options", 10, message_opaque),
};
MESSAGE(static, message_graph_options, "GraphOptions", graph_options_fields);

static const message_field gpu_fields[] = {
    ONE("per_process_gpu_memory_fraction", 1, FIELD_DOUBLE),
    ONE("allocator_type", 2, FIELD_STRING),
    ONE("deferred_deletion_bytes", 3, FIELD_INT64),
    ONE("allow_growth", 4, FIELD_BOOL),
    ONE("visible_device_list", 5, FIELD_STRING),
    ONE("polling_active_delay_usecs", 6, FIELD_INT32),
    ONE("polling_inactive_delay_msecs", 7, FIELD_INT32),
    ONE("force_gpu_compatible", 8, FIELD_BOOL),
    SUB("experimental", 9, message_opaque),
};
MESSAGE(static, message_gpu_options, "GPUOptions", gpu_fields);

static const message_field thread_pool_fields[] = {
    ONE("num_threads", 1, FIELD_INT32),
    ONE("global_name", 2, FIELD_STRING),
};
MESSAGE(static, message_thread_pool_option, "ThreadPoolOptionProto", thread_pool_fields);

static const message_field session_metadata_fields[] = {ONE("name", 1, FIELD_STRING), ONE("version", 2, FIELD_INT64)};
MESSAGE(static, message_session_metadata, "SessionMetadata", session_metadata_fields);

static const message_field config_experimental_fields[] = {
    ONE("collective_group_leader", 1, FIELD_STRING),
    ONE("executor_type", 3, FIELD_STRING),
    ONE("recv_buf_max_chunk", 4, FIELD_INT32),
    ONE("use_numa_affinity", 5, FIELD_BOOL),
    ONE("collective_deterministic_sequential_execution", 6, FIELD_BOOL),
    ONE("collective_nccl", 7, FIELD_BOOL),
    ONE("share_session_state_in_clusterspec_propagation", 8, FIELD_BOOL),
    ONE("disable_thread_spinning", 9, FIELD_BOOL),
    ONE("share_cluster_devices_in_session", 10, FIELD_BOOL),
    SUB("session_metadata", 11, message_session_metadata),
    ONE("optimize_for_static_graph", 12, FIELD_BOOL),
    ONE("enable_mlir_bridge", 13, FIELD_BOOL),
    ONE("disable_output_partition_graphs", 14, FIELD_BOOL),
};
MESSAGE(static, message_config_experimental, "ConfigProto.Experimental", config_experimental_fields);

static const message_field config_proto_fields[] = {
    SUBS("device_count", 1, message_device_count_entry),
    ONE("intra_op_parallelism_threads", 2, FIELD_INT32),
    ONE("placement_period", 3, FIELD_INT32),
    MANY("device_filters", 4, FIELD_STRING),
    ONE("inter_op_parallelism_threads", 5, FIELD_INT32),
    SUB("gpu_options", 6, message_gpu_options),
    ONE("allow_soft_placement", 7, FIELD_BOOL),
    ONE("log_device_placement", 8, FIELD_BOOL),
    ONE("use_per_session_threads", 9, FIELD_BOOL),
    SUB("graph_options", 10, message_graph_options),
    ONE("operation_timeout_in_ms", 11, FIELD_INT64),
    SUBS("session_inter_op_thread_pool", 12, message_thread_pool_option),
    SUB("rpc_options", 13, message_opaque),
    SUB("cluster_def", 14, message_opaque),
    ONE("isolate_session_state", 15, FIELD_BOOL),
    SUB("experimental", 16, message_config_experimental),
    ONE("share_cluster_devices_in_session", 17, FIELD_BOOL),
};
MESSAGE(PUBLIC, message_config_proto, "ConfigProto", config_proto_fields);

static const message_field run_experimental_fields[] = {
    ONE("collective_graph_key", 1, FIELD_INT64),
    ONE("use_run_handler_pool", 2, FIELD_BOOL),
};
MESSAGE(static, message_run_experimental, "RunOptions.Experimental", run_experimental_fields);

static const message_field run_options_fields[] = {
    ENUM("trace_level", 1, trace_level_names),
    ONE("timeout_in_ms", 2, FIELD_INT64),
    ONE("inter_op_thread_pool", 3, FIELD_INT32),
    ONE("output_partition_graphs", 5, FIELD_BOOL),
    SUB("debug_options", 6, message_opaque),
    ONE("report_tensor_allocations_upon_oom", 7, FIELD_BOOL),
    SUB("experimental", 8, message_run_experimental),
};
MESSAGE(PUBLIC, message_run_options, "RunOptions", run_options_fields);

static const message_field connection_fields[] = {
    ONE("from_tensor", 1, FIELD_STRING),
    ONE("to_tensor", 2, FIELD_STRING),
};
MESSAGE(static, message_tensor_connection, "TensorConnection", connection_fields);

static const message_field callable_options_fields[] = {
    MANY("feed", 1, FIELD_STRING),
    MANY("fetch", 2, FIELD_STRING),
    MANY("target", 3, FIELD_STRING),
    SUB("run_options", 4, message_run_options),
    SUBS("tensor_connection", 5, message_tensor_connection),
    SUBS("feed_devices", 6, message_string_entry),
    SUBS("fetch_devices", 7, message_string_entry),
    ONE("fetch_skip_sync", 8, FIELD_BOOL),
};
MESSAGE(PUBLIC, message_callable_options, "CallableOptions", callable_options_fields);

/* ---- what a run tells of itself ------------------------------------------------------------ */

static const message_field allocation_fields[] = {
    ONE("requested_bytes", 1, FIELD_INT64), ONE("allocated_bytes", 2, FIELD_INT64),
    ONE("allocator_name", 3, FIELD_STRING), ONE("allocation_id", 4, FIELD_INT64),
    ONE("has_single_reference", 5, FIELD_BOOL), ONE("ptr", 6, FIELD_UINT64),
};
MESSAGE(static, message_allocation, "AllocationDescription", allocation_fields);

static const message_field tensor_description_fields[] = {
    ENUM("dtype", 1, dtype_names),
    SUB("shape", 2, message_tensor_shape),
    SUB("allocation_description", 4, message_allocation),
};
MESSAGE(static, message_tensor_description, "TensorDescription", tensor_description_fields);

static const message_field node_output_fields[] = {
    ONE("slot", 1, FIELD_INT32),
    SUB("tensor_description", 3, message_tensor_description),
};
MESSAGE(static, message_node_output, "NodeOutput", node_output_fields);

static const message_field allocator_memory_fields[] = {
    ONE("allocator_name", 1, FIELD_STRING), ONE("total_bytes", 2, FIELD_INT64),
    ONE("peak_bytes", 3, FIELD_INT64),      ONE("live_bytes", 4, FIELD_INT64),
    ONE("allocator_bytes_in_use", 5, FIELD_INT64),
};
MESSAGE(static, message_allocator_memory, "AllocatorMemoryUsed", allocator_memory_fields);

static const message_field memory_stats_fields[] = {
    ONE("temp_memory_size", 1, FIELD_INT64),
    ONE("persistent_memory_size", 3, FIELD_INT64),
    MANY("persistent_tensor_alloc_ids", 5, FIELD_INT64),
};
MESSAGE(static, message_memory_stats, "MemoryStats", memory_stats_fields);

static const message_field node_stats_fields[] = {
    ONE("node_name", 1, FIELD_STRING),
    ONE("all_start_micros", 2, FIELD_INT64),
    ONE("op_start_rel_micros", 3, FIELD_INT64),
    ONE("op_end_rel_micros", 4, FIELD_INT64),
    ONE("all_end_rel_micros", 5, FIELD_INT64),
    SUBS("memory", 6, message_allocator_memory),
    SUBS("output", 7, message_node_output),
    ONE("timeline_label", 8, FIELD_STRING),
    ONE("scheduled_micros", 9, FIELD_INT64),
    ONE("thread_id", 10, FIELD_UINT32),
    SUBS("referenced_tensor", 11, message_allocation),
    SUB("memory_stats", 12, message_memory_stats),
    ONE("all_start_nanos", 13, FIELD_INT64),
    ONE("op_start_rel_nanos", 14, FIELD_INT64),
    ONE("op_end_rel_nanos", 15, FIELD_INT64),
    ONE("all_end_rel_nanos", 16, FIELD_INT64),
    ONE("scheduled_nanos", 17, FIELD_INT64),
};
MESSAGE(static, message_node_stats, "NodeExecStats", node_stats_fields);
MAP(message_thread_name_entry, "ThreadNamesEntry", FIELD_UINT32, ONE("value", 2, FIELD_STRING));

static const message_field device_stats_fields[] = {
    ONE("device", 1, FIELD_STRING),
    SUBS("node_stats", 2, message_node_stats),
    SUBS("thread_names", 3, message_thread_name_entry),
};
MESSAGE(static, message_device_stats, "DeviceStepStats", device_stats_fields);

static const message_field step_stats_fields[] = {SUBS("dev_stats", 1, message_device_stats)};
MESSAGE(static, message_step_stats, "StepStats", step_stats_fields);

static const message_field run_metadata_fields[] = {
    SUB("step_stats", 1, message_step_stats),
    SUB("cost_graph", 2, message_opaque),
    SUBS("partition_graphs", 3, message_graph_def),
    SUBS("function_graphs", 4, message_opaque),
    SUB("session_metadata", 5, message_session_metadata),
};
MESSAGE(PUBLIC, message_run_metadata, "RunMetadata", run_metadata_fields);

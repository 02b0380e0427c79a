/* Sizes and offsets of every struct of trainyard.h where pointers have 64 bits. A row that no longer holds breaks
 * every plugin that was built before: from 1.0 on rows are only ever added. */
#include "trainyard.h"

#ifdef __cplusplus
#define HOLDS(fact, words) static_assert(fact, words)
#else
#define HOLDS(fact, words) _Static_assert(fact, words)
#endif
#define SIZE(type, bytes) HOLDS(sizeof(type) == (bytes), "size of " #type)
#define AT(type, field, offset) HOLDS(offsetof(type, field) == (offset), #type "." #field)

SIZE(ty_device, 8);
AT(ty_device, type, 0);
AT(ty_device, id, 4);

SIZE(ty_dtype, 4);
AT(ty_dtype, code, 0);
AT(ty_dtype, bits, 1);
AT(ty_dtype, lanes, 2);

SIZE(ty_tensor, 48);
AT(ty_tensor, data, 0);
AT(ty_tensor, device, 8);
AT(ty_tensor, ndim, 16);
AT(ty_tensor, dtype, 20);
AT(ty_tensor, shape, 24);
AT(ty_tensor, strides, 32);
AT(ty_tensor, byte_offset, 40);

SIZE(ty_option, 64);
AT(ty_option, struct_size, 0);
AT(ty_option, type, 4);
AT(ty_option, flags, 8);
AT(ty_option, choice_count, 12);
AT(ty_option, key, 16);
AT(ty_option, doc, 24);
AT(ty_option, default_text, 32);
AT(ty_option, range, 40);
AT(ty_option, unit, 48);
AT(ty_option, choices, 56);

SIZE(ty_note, 32);
AT(ty_note, struct_size, 0);
AT(ty_note, count, 4);
AT(ty_note, name, 8);
AT(ty_note, text, 16);
AT(ty_note, values, 24);

SIZE(ty_event, 88);
AT(ty_event, struct_size, 0);
AT(ty_event, hook, 4);
AT(ty_event, outcome, 8);
AT(ty_event, metric_count, 12);
AT(ty_event, epoch, 16);
AT(ty_event, batch, 24);
AT(ty_event, step, 32);
AT(ty_event, examples, 40);
AT(ty_event, values, 48);
AT(ty_event, present, 56);
AT(ty_event, note_count, 64);
AT(ty_event, notes, 72);
AT(ty_event, text, 80);

SIZE(ty_host, 168);
AT(ty_host, struct_size, 0);
AT(ty_host, abi_major, 4);
AT(ty_host, abi_minor, 8);
AT(ty_host, reserved, 12);
AT(ty_host, context, 16);
AT(ty_host, fail, 24);
AT(ty_host, log, 32);
AT(ty_host, service, 40);
AT(ty_host, instance_name, 48);
AT(ty_host, option_count, 56);
AT(ty_host, option_bool, 64);
AT(ty_host, option_int, 72);
AT(ty_host, option_float, 80);
AT(ty_host, option_text, 88);
AT(ty_host, metric_want, 96);
AT(ty_host, metric_declare, 104);
AT(ty_host, metric_direction, 112);
AT(ty_host, metric_name, 120);
AT(ty_host, publish, 128);
AT(ty_host, publish_text, 136);
AT(ty_host, publish_list, 144);
AT(ty_host, stop, 152);
AT(ty_host, status, 160);

SIZE(ty_run_facts, 96);
AT(ty_run_facts, struct_size, 0);
AT(ty_run_facts, resumed, 4);
AT(ty_run_facts, seed, 8);
AT(ty_run_facts, epochs, 16);
AT(ty_run_facts, initial_epoch, 24);
AT(ty_run_facts, batches_per_epoch, 32);
AT(ty_run_facts, batch_size, 40);
AT(ty_run_facts, training_rows, 48);
AT(ty_run_facts, validation_rows, 56);
AT(ty_run_facts, threads, 64);
AT(ty_run_facts, rank, 68);
AT(ty_run_facts, world, 72);
AT(ty_run_facts, terminal_width, 76);
AT(ty_run_facts, folder, 80);
AT(ty_run_facts, model, 88);

SIZE(ty_run_service, 16);
AT(ty_run_service, struct_size, 0);
AT(ty_run_service, reserved, 4);
AT(ty_run_service, facts, 8);

SIZE(ty_weight, 64);
AT(ty_weight, struct_size, 0);
AT(ty_weight, trainable, 4);
AT(ty_weight, name, 8);
AT(ty_weight, tensor, 16);

SIZE(ty_weights_service, 96);
AT(ty_weights_service, struct_size, 0);
AT(ty_weights_service, reserved, 4);
AT(ty_weights_service, count, 8);
AT(ty_weights_service, view, 16);
AT(ty_weights_service, slot_filled, 24);
AT(ty_weights_service, assign, 32);
AT(ty_weights_service, slot_take, 40);
AT(ty_weights_service, slot_restore, 48);
AT(ty_weights_service, slot_swap, 56);
AT(ty_weights_service, slot_blend, 64);
AT(ty_weights_service, slot_drop, 72);
AT(ty_weights_service, save, 80);
AT(ty_weights_service, mark_checkpoint, 88);

SIZE(ty_optimizer_service, 32);
AT(ty_optimizer_service, struct_size, 0);
AT(ty_optimizer_service, reserved, 4);
AT(ty_optimizer_service, name, 8);
AT(ty_optimizer_service, get, 16);
AT(ty_optimizer_service, set, 24);

SIZE(ty_files_service, 40);
AT(ty_files_service, struct_size, 0);
AT(ty_files_service, reserved, 4);
AT(ty_files_service, size, 8);
AT(ty_files_service, start, 16);
AT(ty_files_service, append, 24);
AT(ty_files_service, remove, 32);

SIZE(ty_random_service, 16);
AT(ty_random_service, struct_size, 0);
AT(ty_random_service, reserved, 4);
AT(ty_random_service, next, 8);

SIZE(ty_clock_service, 24);
AT(ty_clock_service, struct_size, 0);
AT(ty_clock_service, reserved, 4);
AT(ty_clock_service, monotonic, 8);
AT(ty_clock_service, wall, 16);

SIZE(ty_monitors_service, 16);
AT(ty_monitors_service, struct_size, 0);
AT(ty_monitors_service, reserved, 4);
AT(ty_monitors_service, add, 8);

SIZE(ty_collective_service, 24);
AT(ty_collective_service, struct_size, 0);
AT(ty_collective_service, reserved, 4);
AT(ty_collective_service, all_reduce_sum, 8);
AT(ty_collective_service, broadcast, 16);

SIZE(ty_sink, 48);
AT(ty_sink, struct_size, 0);
AT(ty_sink, reserved, 4);
AT(ty_sink, context, 8);
AT(ty_sink, put_int, 16);
AT(ty_sink, put_float, 24);
AT(ty_sink, put_bytes, 32);
AT(ty_sink, put_tensor, 40);

SIZE(ty_source, 56);
AT(ty_source, struct_size, 0);
AT(ty_source, reserved, 4);
AT(ty_source, context, 8);
AT(ty_source, get_int, 16);
AT(ty_source, get_float, 24);
AT(ty_source, get_bytes, 32);
AT(ty_source, get_tensor, 40);
AT(ty_source, key, 48);

SIZE(ty_task, 64);
AT(ty_task, struct_size, 0);
AT(ty_task, task, 4);
AT(ty_task, feature_ndim, 8);
AT(ty_task, threads, 12);
AT(ty_task, feature_shape, 16);
AT(ty_task, output_width, 24);
AT(ty_task, class_names, 32);
AT(ty_task, training_rows, 40);
AT(ty_task, batch_size, 48);
AT(ty_task, epochs, 56);

SIZE(ty_batch, 224);
AT(ty_batch, struct_size, 0);
AT(ty_batch, pass, 4);
AT(ty_batch, rows, 8);
AT(ty_batch, data_id, 16);
AT(ty_batch, features, 24);
AT(ty_batch, target, 72);
AT(ty_batch, weight, 120);
AT(ty_batch, group, 168);
AT(ty_batch, ends_pass, 216);
AT(ty_batch, reserved, 220);

SIZE(ty_callback, 144);
AT(ty_callback, struct_size, 0);
AT(ty_callback, flags, 4);
AT(ty_callback, create, 8);
AT(ty_callback, destroy, 16);
AT(ty_callback, reset, 24);
AT(ty_callback, state_save, 32);
AT(ty_callback, state_load, 40);
AT(ty_callback, on_train_begin, 48);
AT(ty_callback, on_train_end, 56);
AT(ty_callback, on_epoch_begin, 64);
AT(ty_callback, on_epoch_end, 72);
AT(ty_callback, on_batch_begin, 80);
AT(ty_callback, on_batch_end, 88);
AT(ty_callback, on_optimizer_step, 96);
AT(ty_callback, on_validation_begin, 104);
AT(ty_callback, on_validation_end, 112);
AT(ty_callback, on_validation_batch_begin, 120);
AT(ty_callback, on_validation_batch_end, 128);
AT(ty_callback, on_exception, 136);

SIZE(ty_model_facts, 24);
AT(ty_model_facts, struct_size, 0);
AT(ty_model_facts, task, 4);
AT(ty_model_facts, flags, 8);
AT(ty_model_facts, prediction, 12);
AT(ty_model_facts, width, 16);

SIZE(ty_step, 72);
AT(ty_step, struct_size, 0);
AT(ty_step, optimizer_steps, 4);
AT(ty_step, loss, 8);
AT(ty_step, weight, 16);
AT(ty_step, prediction, 24);

SIZE(ty_model, 144);
AT(ty_model, struct_size, 0);
AT(ty_model, flags, 4);
AT(ty_model, create, 8);
AT(ty_model, destroy, 16);
AT(ty_model, reset, 24);
AT(ty_model, state_save, 32);
AT(ty_model, state_load, 40);
AT(ty_model, describe, 48);
AT(ty_model, train_step, 56);
AT(ty_model, evaluate, 64);
AT(ty_model, weight_count, 72);
AT(ty_model, weight, 80);
AT(ty_model, assign, 88);
AT(ty_model, parameter_name, 96);
AT(ty_model, parameter_get, 104);
AT(ty_model, parameter_set, 112);
AT(ty_model, snapshot_take, 120);
AT(ty_model, snapshot_restore, 128);
AT(ty_model, snapshot_drop, 136);

SIZE(ty_monitor, 88);
AT(ty_monitor, struct_size, 0);
AT(ty_monitor, flags, 4);
AT(ty_monitor, create, 8);
AT(ty_monitor, destroy, 16);
AT(ty_monitor, reset, 24);
AT(ty_monitor, state_save, 32);
AT(ty_monitor, state_load, 40);
AT(ty_monitor, prepare, 48);
AT(ty_monitor, pass_begin, 56);
AT(ty_monitor, update, 64);
AT(ty_monitor, compute, 72);
AT(ty_monitor, merge, 80);

SIZE(ty_field, 48);
AT(ty_field, struct_size, 0);
AT(ty_field, role, 4);
AT(ty_field, name, 8);
AT(ty_field, dtype, 16);
AT(ty_field, ndim, 20);
AT(ty_field, shape, 24);
AT(ty_field, category_count, 32);
AT(ty_field, categories, 40);

SIZE(ty_read, 40);
AT(ty_read, struct_size, 0);
AT(ty_read, reserved, 4);
AT(ty_read, rows, 8);
AT(ty_read, row_count, 16);
AT(ty_read, seed, 24);
AT(ty_read, epoch, 32);

SIZE(ty_dataset, 88);
AT(ty_dataset, struct_size, 0);
AT(ty_dataset, flags, 4);
AT(ty_dataset, create, 8);
AT(ty_dataset, destroy, 16);
AT(ty_dataset, reset, 24);
AT(ty_dataset, state_save, 32);
AT(ty_dataset, state_load, 40);
AT(ty_dataset, row_count, 48);
AT(ty_dataset, field_count, 56);
AT(ty_dataset, field, 64);
AT(ty_dataset, read, 72);
AT(ty_dataset, whole, 80);

SIZE(ty_component, 64);
AT(ty_component, struct_size, 0);
AT(ty_component, kind, 4);
AT(ty_component, id, 8);
AT(ty_component, version, 16);
AT(ty_component, summary, 24);
AT(ty_component, table, 32);
AT(ty_component, data, 40);
AT(ty_component, option_count, 48);
AT(ty_component, options, 56);

SIZE(ty_module, 48);
AT(ty_module, struct_size, 0);
AT(ty_module, abi_major, 4);
AT(ty_module, abi_minor, 8);
AT(ty_module, reserved, 12);
AT(ty_module, component_count, 16);
AT(ty_module, components, 24);
AT(ty_module, license, 32);
AT(ty_module, author, 40);

SIZE(ty_entry_args, 32);
AT(ty_entry_args, struct_size, 0);
AT(ty_entry_args, abi_major, 4);
AT(ty_entry_args, abi_minor, 8);
AT(ty_entry_args, reserved, 12);
AT(ty_entry_args, context, 16);
AT(ty_entry_args, refuse, 24);

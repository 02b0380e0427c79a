/* The entry of a library of one component. */
static const ty_component *const components[] = {&component};

static const ty_module module = {
    .struct_size = sizeof(ty_module),
    .abi_major = TY_ABI_MAJOR,
    .abi_minor = TY_ABI_MINOR,
    .component_count = 1,
    .components = components,
    .license = "Apache-2.0",
};

const ty_module *trainyard_plugin(const ty_entry_args *args) {
  if (args->abi_major != TY_ABI_MAJOR || (TY_ABI_MAJOR == 0 && args->abi_minor != TY_ABI_MINOR)) {
    args->refuse(args->context, "built for another version of trainyard.h; build it again");
    return NULL;
  }
  return &module;
}

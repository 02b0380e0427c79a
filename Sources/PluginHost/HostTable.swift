import CTrainyard

/// The `ty_host` of one instance. The functions are plain C and find the instance through `context`.
enum HostTable {
  /// The context takes it back, when the instance is gone.
  static func allocate(_ context: InstanceContext) -> UnsafeMutablePointer<ty_host> {
    var host = ty_host()
    host.struct_size = UInt32(MemoryLayout<ty_host>.size)
    host.abi_major = UInt32(TY_ABI_MAJOR)
    host.abi_minor = UInt32(TY_ABI_MINOR)
    host.context = Unmanaged.passUnretained(context).toOpaque()
    fillCore(&host)
    fillOptions(&host)
    fillMetrics(&host)
    let memory = context.memory.lend(
      MemoryLayout<ty_host>.size, alignment: MemoryLayout<ty_host>.alignment, "the host table",
      until: .instanceIsDestroyed)
    let pointer = memory.bindMemory(to: ty_host.self, capacity: 1)
    pointer.initialize(to: host)
    context.memory.seal(memory)
    return pointer
  }

  private static func fillCore(_ host: inout ty_host) {
    host.fail = { host, text in withInstance(host, ()) { $0.say(text) } }
    host.log = { host, level, text in
      withInstance(host, ()) { context in
        let level = min(level, UInt32(TY_LOG_WARNING))
        context.services.log(level, Foreign.words(text) ?? "")
      }
    }
    host.service = { host, id in
      withInstance(host, nil) { _ in id.flatMap { ServiceTables.table($0) } }
    }
    host.instance_name = { host in withInstance(host, nil) { UnsafePointer($0.namePointer) } }
  }

  private static func fillOptions(_ host: inout ty_host) {
    host.option_count = { host, key in
      readOption(host, key, "option_count", 0) { options, key in UInt64(try options.count(key)) }
    }
    host.option_bool = { host, key, index in
      readOption(host, key, "option_bool", 0) { options, key in try options.bool(key, index) ? 1 : 0 }
    }
    host.option_int = { host, key, index in
      readOption(host, key, "option_int", 0) { options, key in try options.int(key, index) }
    }
    host.option_float = { host, key, index in
      readOption(host, key, "option_float", 0) { options, key in try options.float(key, index) }
    }
    // A plugin that goes on after a mistake gets a text, not a NULL to fall over.
    host.option_text = { host, key, index in
      readOption(host, key, "option_text", ServiceTables.emptyText) { options, key in
        try options.text(key, index)
      }
    }
  }

  private static func fillMetrics(_ host: inout ty_host) {
    host.metric_want = { host, name, want in
      inBegin(host, "metric_want", UInt32.max) { context in
        guard let name = givenName(context, name, "metric_want") else { return UInt32.max }
        return context.services.wantMetric(name, optional: want == UInt32(TY_WANT_OPTIONAL))
      }
    }
    host.metric_declare = { host, name, direction, phase in
      inBegin(host, "metric_declare", UInt32.max) { context in
        guard let name = givenName(context, name, "metric_declare") else { return UInt32.max }
        guard direction <= UInt32(TY_DIRECTION_MAX) else {
          context.misuse(
            "metric_declare: the metric '\(name)' has direction \(direction), which does not exist")
          return UInt32.max
        }
        let known = UInt32(TY_PHASE_BATCH | TY_PHASE_EPOCH)
        guard phase & known != 0, phase & ~known == 0 else {
          context.misuse("metric_declare: the metric '\(name)' has phase \(phase), which does not exist")
          return UInt32.max
        }
        let id = context.services.declareMetric(name, direction: direction, phase: phase)
        context.allowPublishing(id)
        return id
      }
    }
    host.metric_direction = { host, id in
      withInstance(host, UInt32(TY_DIRECTION_NONE)) { $0.services.metricDirection(id) }
    }
    host.metric_name = { host, id in withInstance(host, nil) { $0.services.metricName(id) } }
    host.publish = { host, id, value in
      withInstance(host, ()) { context in
        guard context.mayPublish(id) else {
          let name = context.services.metricName(id).map { "'\(String(cString: $0))'" } ?? "number \(id)"
          return context.misuse("publish: this instance has not declared the metric \(name)")
        }
        context.services.publish(id, value)
      }
    }
    host.publish_text = { host, name, text in
      withInstance(host, ()) { context in
        guard let name = givenName(context, name, "publish_text") else { return }
        context.services.publishText(name, Foreign.words(text) ?? "")
      }
    }
    host.publish_list = { host, name, values, count in
      withInstance(host, ()) { context in
        guard let name = givenName(context, name, "publish_list") else { return }
        guard count <= mostElements, values != nil || count == 0 else {
          return context.misuse(
            "publish_list: '\(name)' has \(values == nil ? "NULL for " : "")\(count) values")
        }
        let values = UnsafeRawPointer(values)
        context.services.publishList(
          name,
          (0..<Int(count)).map { index in
            values?.loadUnaligned(fromByteOffset: index * MemoryLayout<Double>.size, as: Double.self) ?? 0
          })
      }
    }
    host.stop = { host, reason in
      inHook(host, "stop", ()) { $0.services.stop(Foreign.words(reason) ?? "no reason given") }
    }
    host.status = { host, text in
      inHook(host, "status", ()) { $0.services.status(Foreign.words(text) ?? "") }
    }
  }
}

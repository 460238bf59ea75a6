// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import JSONText

/// The smallest part of an order that succeeds or fails as a whole.
enum JobStep: Sendable {
    case read([AttributeQuery])
    case profileRead(OBISCode, RowsQuery)
    case write(WriteCommand)
    case invoke(MethodCommand)
    case clockSync(ClockSyncWish)

    /// Whether it sends something that changes the meter.
    var changesMeter: Bool {
        switch self {
        case .read, .profileRead: false
        case .write(let command): !command.isDryRun
        case .invoke(let command): !command.isDryRun
        case .clockSync(let wish): !wish.isDryRun
        }
    }

    /// Whether reading can tell if it took effect.
    var isResolvable: Bool {
        if case .invoke = self { false } else { true }
    }
}

extension JobOrder {
    /// The steps of an order that is made of such; each with the place of the bundle's step that it belongs to.
    var steps: [(place: Int, step: JobStep)] {
        switch self {
        case .read(let queries, _): [(0, .read(queries))]
        case .profileRead(let profile, let rows, _): [(0, .profileRead(profile, rows))]
        case .write(let commands, _): commands.map { (0, .write($0)) }
        case .invoke(let commands, _): commands.map { (0, .invoke($0)) }
        case .clockSync(let wish, _): [(0, .clockSync(wish))]
        case .bundle(let bundle):
            bundle.steps.enumerated().flatMap { place, order in order.steps.map { (place, $0.step) } }
        case .gapRecovery, .discover, .firmware, .keyChange, .secretChange, .disconnector: []
        }
    }

    /// What came of the steps as one document: a list of items, or of steps named as in the order.
    func result(of done: [[UInt8]], association: String) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: done.reduce(100) { $0 + $1.count + 10 })
        writer.beginObject()
        if case .bundle(let bundle) = self {
            writer.name("steps")
            writer.beginArray()
            let places = steps.map(\.place)
            for (place, order) in bundle.steps.enumerated() {
                let own = zip(places, done).filter { $0.0 == place }.map(\.1)
                guard !own.isEmpty else { break }
                writer.beginObject()
                writer.name(order.kind.memberName)
                order.writeResult(of: own, into: &writer)
                writer.endObject()
            }
            writer.endArray()
        } else {
            writer.name("items")
            writer.beginArray()
            for document in done { writer.raw(document) }
            writer.endArray()
        }
        writer.member("association", association)
        writer.endObject()
        return writer.takeOctets()
    }

    private func writeResult(of done: [[UInt8]], into writer: inout JSONWriter) {
        switch self {
        case .write, .invoke:
            writer.beginObject()
            writer.name("items")
            writer.beginArray()
            for document in done { writer.raw(document) }
            writer.endArray()
            writer.endObject()
        default:
            if let document = done.first { writer.raw(document) } else { writer.null() }
        }
    }
}

/// Which steps of an execution are done, with what came of each; kept with the execution, so that after a crash it is
/// known which step is in doubt: the one after those.
struct StepJournal {
    /// What came of each step that is done, as JSON text.
    var done: [[UInt8]] = []
    /// How many steps there are.
    let total: Int

    /// Begins, or goes on with what was kept.
    init(total: Int, resuming progress: [UInt8]?) {
        self.total = total
        guard let progress, let kept = try? JSONReader.parse(progress)["done"]?.array else { return }
        done = kept.prefix(total).map(\.octets)
    }

    /// The journal as JSON text.
    var document: [UInt8] {
        var writer = JSONWriter(reservingCapacity: done.reduce(60) { $0 + $1.count + 1 })
        writer.beginObject()
        writer.member("step", min(done.count + 1, total))
        writer.member("steps", total)
        writer.name("done")
        writer.beginArray()
        for document in done { writer.raw(document) }
        writer.endArray()
        writer.endObject()
        return writer.takeOctets()
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Synchronization

/// Object lists by the octets they were read as, so that meters with equal lists share one.
///
/// A list of a hundred objects with its access rights takes some 30 kB; the meters of one model all have the same. A list
/// is dropped with the last meter that has it.
final class ObjectListPool: Sendable {
    /// A list with an index by logical name.
    final class View: Sendable {
        /// The objects in the order of the meter.
        let entries: [ObjectListEntry]
        /// The indices of the entries with a logical name.
        let places: [OBISCode: [Int]]

        init(_ list: ObjectList) {
            entries = list.entries
            places = Dictionary(grouping: list.entries.indices) { list.entries[$0].logicalName }
        }
    }

    private struct Place {
        weak var view: View?
    }

    private struct Contents {
        var places: [[UInt8]: Place] = [:]
        /// When lists without meters are looked for next, by the number of lists.
        var limit = 64
    }

    private let contents = Mutex(Contents())

    /// How many different lists there are at present.
    var count: Int { contents.withLock { $0.places.values.count { $0.view != nil } } }

    /// The list that was read as these octets, made only if no meter has it.
    func view<Failure: Error>(
        of octets: [UInt8],
        make: () throws(Failure) -> ObjectList
    ) throws(Failure) -> View {
        if let known = contents.withLock({ $0.places[octets]?.view }) { return known }
        let made = View(try make())
        return contents.withLock { contents in
            if let known = contents.places[octets]?.view { return known }
            contents.places[octets] = Place(view: made)
            if contents.places.count > contents.limit {
                contents.places = contents.places.filter { $0.value.view != nil }
                contents.limit = max(64, contents.places.count * 2)
            }
            return made
        }
    }
}

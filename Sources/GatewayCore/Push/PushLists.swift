// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet

/// The push object lists of meters (Blue Book, class 40, attribute 2), as they were read from them or written to them.
actor PushLists {
    /// Attribute 2 of this class is a push object list.
    static let pushSetup: UInt16 = 40
    static let objectList: Int8 = 2
    /// With more meters than this in memory all are forgotten.
    private static let mostMeters = 50_000
    /// Another gateway may write a list, too; the store is asked again after so long.
    private static let age = Duration.seconds(600)

    private struct Known {
        let lists: [OBISCode: [CaptureObject]]
        let since: ContinuousClock.Instant
    }

    private let store: any PushStore
    private var known: [MeterID: Known] = [:]

    init(store: any PushStore) {
        self.store = store
    }

    /// The lists of a meter by the names of their set-ups, as far as they are known.
    func lists(of meter: MeterID) async -> [[CaptureObject]] {
        let now = ContinuousClock.Instant.now
        if let standing = known[meter], now - standing.since < Self.age { return Self.inOrder(standing.lists) }
        guard let stored = try? await store.pushObjectLists(of: meter) else {
            return known[meter].map { Self.inOrder($0.lists) } ?? []
        }
        if known.count >= Self.mostMeters { known.removeAll() }
        known[meter] = Known(lists: stored, since: now)
        return Self.inOrder(stored)
    }

    /// Keeps what a set-up pushes from now on.
    func keep(_ list: [CaptureObject], of setup: OBISCode, meter: MeterID) async throws(StoreError) {
        // Whoever asks meanwhile asks the store.
        known[meter] = nil
        defer { known[meter] = nil }
        try await store.keepPushObjectList(list, of: setup, meter: meter)
    }

    /// Takes over what was written to a meter, where that is the list of a push set-up.
    ///
    /// A store that is away leaves the old list standing; the meter is asked again once a message does not fit it.
    func note(_ data: DLMSData, writtenTo object: MeterObject, index: Int8, of meter: MeterID) async {
        guard object.classID == Self.pushSetup, index == Self.objectList, let list = CaptureObject.list(data) else {
            return
        }
        try? await keep(list, of: object.logicalName, meter: meter)
    }

    private static func inOrder(_ lists: [OBISCode: [CaptureObject]]) -> [[CaptureObject]] {
        lists.sorted { $0.key < $1.key }.map(\.value).filter { !$0.isEmpty }
    }
}

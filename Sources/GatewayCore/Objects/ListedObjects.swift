// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
public import Timekeeping

/// The object list of an association as it was read once, with an index by logical name.
public struct ListedObjects: Sendable {
    /// When the list was read.
    public let readAt: Timestamp
    /// The list, which meters that are alike share.
    private let view: ObjectListPool.View

    init(_ view: ObjectListPool.View, readAt: Timestamp) {
        self.view = view
        self.readAt = readAt
    }

    init(_ list: ObjectList, readAt: Timestamp) {
        self.init(ObjectListPool.View(list), readAt: readAt)
    }

    /// The objects in the order of the meter.
    public var entries: [ObjectListEntry] { view.entries }

    /// The objects with this logical name.
    public func entries(_ logicalName: OBISCode) -> [ObjectListEntry] {
        view.places[logicalName].map { $0.map { entries[$0] } } ?? []
    }

    /// Logical names like this one: those that differ in the least telling groups, at most `count`.
    public func nearest(to logicalName: OBISCode, count: Int = 5) -> [OBISCode] {
        func distance(_ other: OBISCode) -> Int {
            // What is measured (C, D) says more than the channel or the tariff.
            let medium = (other.a == logicalName.a ? 0 : 4) + (other.b == logicalName.b ? 0 : 1)
            let quantity = (other.c == logicalName.c ? 0 : 4) + (other.d == logicalName.d ? 0 : 3)
            let detail = (other.e == logicalName.e ? 0 : 2) + (other.f == logicalName.f ? 0 : 1)
            return medium + quantity + detail
        }
        return view.places.keys.map { (distance($0), $0) }
            .filter { $0.0 <= 6 }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .prefix(count)
            .map(\.1)
    }
}

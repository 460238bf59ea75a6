// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The short names of a server's objects, as attribute 2 of its association SN (class 12) lists them.
///
/// Attribute *n* of an object has the name base + 8 (n - 1); where methods begin depends on class and version, which
/// ``ShortNameMethods`` tells.
public struct ShortNameDirectory: Hashable, Sendable {
    /// An object with its base name.
    public struct Object: Hashable, Sendable {
        /// The interface class.
        public var classID: UInt16
        /// The version of the class.
        public var version: UInt8
        /// The logical name.
        public var logicalName: OBISCode
        /// The name of attribute 1, by convention a multiple of 8.
        public var baseName: UInt16

        /// Describes an object.
        public init(classID: UInt16, version: UInt8, logicalName: OBISCode, baseName: UInt16) {
            self.classID = classID
            self.version = version
            self.logicalName = logicalName
            self.baseName = baseName
        }
    }

    /// What a short name stands for.
    public enum Target: Hashable, Sendable {
        /// An attribute.
        case attribute(AttributeDescriptor)
        /// A method.
        case method(MethodDescriptor)
    }

    private struct Key: Hashable {
        var classID: UInt16
        var logicalName: OBISCode
    }

    /// The association itself, whose base name is the same everywhere.
    public static let currentAssociation = Object(
        classID: 12,
        version: 0,
        logicalName: OBISCode(0, 0, 40, 0, 0, 255),
        baseName: 0xFA00
    )

    /// Names that are used without asking when a server does not show its list.
    ///
    /// Implementations disagree about FB00: it is the broadcast script table for some and the SAP assignment for others,
    /// so an object found here has to be checked by its logical name before use.
    public static let special = ShortNameDirectory([
        currentAssociation,
        Object(classID: 17, version: 0, logicalName: OBISCode(0, 0, 41, 0, 0, 255), baseName: 0xFC00),
        Object(classID: 1, version: 0, logicalName: OBISCode(0, 0, 42, 0, 0, 255), baseName: 0xFD00),
        Object(classID: 9, version: 0, logicalName: OBISCode(0, 0, 10, 0, 125, 255), baseName: 0xFB00),
    ])

    /// The objects by ascending base name.
    public let objects: [Object]
    private let places: [Key: Int]
    private let names: [OBISCode: Int]

    /// Makes a directory; of several objects with one class and logical name the first counts.
    public init(_ objects: [Object]) {
        var keys: Set<Key> = []
        let unique = objects.filter { keys.insert(Key(classID: $0.classID, logicalName: $0.logicalName)).inserted }
        let sorted = unique.sorted { $0.baseName < $1.baseName }
        self.objects = sorted
        places = Dictionary(
            uniqueKeysWithValues: sorted.indices.map {
                (Key(classID: sorted[$0].classID, logicalName: sorted[$0].logicalName), $0)
            }
        )
        names = Dictionary(sorted.indices.map { (sorted[$0].logicalName, $0) }) { first, _ in first }
    }

    /// The object of a class with a logical name.
    public func object(_ classID: UInt16, _ logicalName: OBISCode) -> Object? {
        places[Key(classID: classID, logicalName: logicalName)].map { objects[$0] }
    }

    /// Whether any object, of whatever class, has a logical name.
    public func contains(_ logicalName: OBISCode) -> Bool { names[logicalName] != nil }

    /// The object that a short name belongs to: the last one that begins at or before it.
    public func object(at name: UInt16) -> Object? {
        var low = 0
        var high = objects.count
        while low < high {
            let middle = (low + high) / 2
            if objects[middle].baseName <= name { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? objects[low - 1] : nil
    }

    /// What a short name stands for, nil if nothing can be at it.
    public func target(of name: UInt16, methods: ShortNameMethods = .standard) -> Target? {
        guard let object = object(at: name), (name - object.baseName) % 8 == 0 else { return nil }
        let offset = name - object.baseName
        if let methodID = methods.method(at: offset, of: object) {
            return .method(
                MethodDescriptor(classID: object.classID, instanceID: object.logicalName, methodID: methodID)
            )
        }
        guard let attributeID = Int8(exactly: offset / 8 + 1) else { return nil }
        return .attribute(
            AttributeDescriptor(classID: object.classID, instanceID: object.logicalName, attributeID: attributeID)
        )
    }

    /// Equal directories have equally many objects; hashing all of them would cost more than it tells.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(objects.count)
    }
}

extension ShortNameDirectory.Object {
    /// The name of an attribute; nil for indices that have none, which are those below 1.
    public func name(ofAttribute attributeID: Int8) -> UInt16? {
        guard attributeID > 0 else { return nil }
        let (name, overflows) = baseName.addingReportingOverflow(8 * (UInt16(attributeID) - 1))
        return overflows ? nil : name
    }
}

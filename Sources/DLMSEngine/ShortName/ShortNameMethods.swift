// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where the methods of each class begin when they are invoked by short name (Blue Book, short names of each class).
///
/// Method *m* has the name base + first + 8 (m - 1).
public struct ShortNameMethods: Hashable, Sendable {
    /// A version of an interface class.
    public struct ClassVersion: Hashable, Sendable {
        /// The class.
        public var classID: UInt16
        /// Its version.
        public var version: UInt8

        /// Pairs class and version.
        public init(_ classID: UInt16, version: UInt8) {
            self.classID = classID
            self.version = version
        }
    }

    /// Where the methods of a class begin.
    struct Row: Hashable, Sendable {
        var classID: UInt16
        var versions: ClosedRange<UInt8>
        /// The distance of method 1 from the base name.
        var first: UInt16
        /// How many names are methods.
        var count: Int8
        /// Methods that return something, so that they are invoked by reading.
        var returning: Set<Int8>
    }

    /// Offsets of single meters that differ from the table, such as 68 hexadecimal for class 72 version 0 at some
    /// manufacturers; also for classes that the table does not have.
    public var exceptions: [ClassVersion: UInt16]

    /// The usual offsets.
    public static let standard = ShortNameMethods()

    /// Makes a table that differs from the usual one in some classes.
    public init(exceptions: [ClassVersion: UInt16] = [:]) {
        self.exceptions = exceptions
    }

    /// The name of a method; nil when nobody knows where the methods of the class begin.
    public func name(ofMethod methodID: Int8, of object: ShortNameDirectory.Object) -> UInt16? {
        guard methodID > 0, let first = first(of: object) else { return nil }
        let (name, overflows) = object.baseName.addingReportingOverflow(first + 8 * (UInt16(methodID) - 1))
        return overflows ? nil : name
    }

    /// The method at a distance from the base name of an object; nil when an attribute is there.
    public func method(at offset: UInt16, of object: ShortNameDirectory.Object) -> Int8? {
        guard let first = first(of: object), offset >= first, (offset - first) % 8 == 0 else { return nil }
        let methodID = (offset - first) / 8 + 1
        let count = Self.row(object.classID, object.version)?.count ?? Int8.max
        return methodID <= UInt16(count) ? Int8(exactly: methodID) : nil
    }

    /// Whether a method of a class returns something.
    static func returns(_ methodID: Int8, of object: ShortNameDirectory.Object) -> Bool {
        row(object.classID, object.version)?.returning.contains(methodID) ?? false
    }

    /// How many octets of names the methods of a class reach to; 0 for classes without methods.
    static func extent(_ classID: UInt16, version: UInt8) -> UInt16 {
        row(classID, version).map { $0.first + 8 * UInt16($0.count) } ?? 0
    }

    private func first(of object: ShortNameDirectory.Object) -> UInt16? {
        exceptions[ClassVersion(object.classID, version: object.version)]
            ?? Self.row(object.classID, object.version)?.first
    }

    private static func row(_ classID: UInt16, _ version: UInt8) -> Row? {
        rows.first { $0.classID == classID && $0.versions.contains(version) }
    }

    private static func row(
        _ classID: UInt16,
        versions: ClosedRange<UInt8> = 0...255,
        first: UInt16,
        count: Int8,
        returning: Set<Int8> = []
    ) -> Row {
        Row(classID: classID, versions: versions, first: first, count: count, returning: returning)
    }

    // Implementations agree on these except where a comment says otherwise.
    private static let rows: [Row] = [
        row(3, first: 0x28, count: 1),
        row(4, first: 0x38, count: 1),
        row(5, first: 0x48, count: 2),
        row(6, first: 0x30, count: 3),
        row(7, first: 0x58, count: 4, returning: [3, 4]),
        row(8, first: 0x60, count: 6),
        row(9, first: 0x20, count: 1),
        // Only one implementation gives short names to the methods of a schedule.
        row(10, first: 0x20, count: 3),
        row(11, first: 0x10, count: 2),
        row(12, first: 0x20, count: 8, returning: [3, 4, 8]),
        row(15, first: 0x60, count: 6, returning: [1]),
        row(17, first: 0x20, count: 1),
        row(18, first: 0x40, count: 4),
        row(20, first: 0x50, count: 1),
        row(40, versions: 0...0, first: 0x38, count: 1),
        row(42, first: 0x60, count: 3),
        row(61, first: 0x28, count: 2),
        row(64, versions: 0...0, first: 0x28, count: 2),
        row(64, versions: 1...255, first: 0x30, count: 8, returning: [3, 5, 7]),
        row(70, first: 0x20, count: 2),
        // Meters after NTA 8130 and DSMR have the methods of version 0 at 68.
        row(72, versions: 0...0, first: 0x60, count: 8),
        row(72, versions: 1...255, first: 0x70, count: 8),
        row(100, first: 0x38, count: 3),
    ]
}

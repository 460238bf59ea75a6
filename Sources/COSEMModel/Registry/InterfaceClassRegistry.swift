// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The interface classes that are known by name: a table, not code (Blue Book, interface classes).
public struct InterfaceClassRegistry: Sendable {
    /// The classes of the embedded table.
    public static let standard = InterfaceClassRegistry(table: TableText.lines(of: PackageResources.classes_txt))

    /// All class versions in order of class and version.
    public let classes: [InterfaceClass]
    private let places: [UInt32: Int]
    /// Lines of the table that could not be read; a test keeps it empty.
    let unreadable: [String]

    /// The class of that identifier and version, nil if it is unknown.
    public func interfaceClass(_ id: UInt16, version: UInt8) -> InterfaceClass? {
        places[Self.key(id, version)].map { classes[$0] }
    }

    /// The class of that identifier in the nearest known version, older before newer; nil if no version is known.
    ///
    /// Versions of a class keep the meaning of most attributes, so names of a neighbour are better than none.
    public func nearest(_ id: UInt16, version: UInt8?) -> InterfaceClass? {
        let versions = classes.filter { $0.id == id }
        guard let version else { return versions.last }
        return versions.last { $0.version <= version } ?? versions.first
    }

    init(table: [Substring]) {
        var classes: [InterfaceClass] = []
        var named: [String: Shape] = [:]
        var unreadable: [String] = []
        for line in table {
            if !Self.read(line, into: &classes, named: &named) { unreadable.append(String(line)) }
        }
        classes.sort { ($0.id, $0.version) < ($1.id, $1.version) }
        self.classes = classes
        self.unreadable = unreadable
        var places: [UInt32: Int] = [:]
        for (place, entry) in classes.enumerated() { places[Self.key(entry.id, entry.version)] = place }
        self.places = places
    }

    private static func key(_ id: UInt16, _ version: UInt8) -> UInt32 {
        UInt32(id) << 8 | UInt32(version)
    }

    /// Reads one line of the table; false if it is not well-formed.
    private static func read(
        _ line: Substring,
        into classes: inout [InterfaceClass],
        named: inout [String: Shape]
    ) -> Bool {
        let word = line.prefix { $0 != " " }
        let rest = line[word.endIndex...].dropFirst()
        switch word {
        case "shape":
            guard let fields = TableText.fields(2, of: rest), let shape = ShapeNotation.parse(fields[1], named: named)
            else { return false }
            named[String(fields[0])] = shape
        case "class":
            guard let fields = TableText.fields(3, of: rest), let id = UInt16(fields[0]), let version = UInt8(fields[1])
            else { return false }
            let logicalName = AttributeModel(
                index: 1,
                name: "logical_name",
                shape: .simple(.octetString, .logicalName),
                isStatic: true
            )
            classes.append(
                InterfaceClass(
                    id: id,
                    version: version,
                    name: String(fields[2]),
                    sources: [],
                    attributes: [logicalName],
                    methods: []
                )
            )
        case "from":
            guard let last = classes.popLast() else { return false }
            let sources = rest == "unverified" ? [] : rest.split(separator: "; ").map(String.init)
            classes.append(
                InterfaceClass(
                    id: last.id,
                    version: last.version,
                    name: last.name,
                    sources: sources,
                    attributes: last.attributes,
                    methods: last.methods
                )
            )
        case "method":
            guard !classes.isEmpty, let fields = TableText.fields(3, of: rest), let index = Int8(fields[0]),
                let shape = ShapeNotation.parse(fields[2], named: named)
            else { return false }
            classes[classes.count - 1].methods.append(
                MethodModel(index: index, name: String(fields[1]), parameter: shape)
            )
        default:
            guard !classes.isEmpty, let index = Int8(word), let fields = TableText.fields(3, of: rest),
                fields[1] == "static" || fields[1] == "dynamic",
                let shape = ShapeNotation.parse(fields[2], named: named)
            else { return false }
            classes[classes.count - 1].attributes.append(
                AttributeModel(index: index, name: String(fields[0]), shape: shape, isStatic: fields[1] == "static")
            )
        }
        return true
    }
}

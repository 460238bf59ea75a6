// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// A part of an object list (Blue Book, class 15, attribute 2, selective access).
public enum ObjectSelection: Hashable, Sendable {
    /// One object by class and logical name.
    public struct Name: Hashable, Sendable {
        /// The class.
        public var classID: UInt16
        /// The logical name.
        public var logicalName: OBISCode

        /// Names an object.
        public init(classID: UInt16, logicalName: OBISCode) {
            self.classID = classID
            self.logicalName = logicalName
        }
    }

    /// The whole list (selector 1).
    case all
    /// The objects of some classes, without access rights (selector 2).
    case classes([UInt16])
    /// Some objects with their access rights (selector 3).
    case objects([Name])
    /// One object with its access rights (selector 4; known from one companion standard only).
    case object(Name)

    /// Reads selector and parameters; nil for others.
    public init?(_ access: SelectiveAccess) {
        switch (access.selector, access.parameters) {
        case (1, _): self = .all
        case (2, .array(let items)):
            let classes = items.compactMap { $0.integerValue.flatMap { UInt16(exactly: $0) } }
            guard classes.count == items.count else { return nil }
            self = .classes(classes)
        case (3, .array(let items)):
            let names = items.compactMap(Name.init)
            guard names.count == items.count else { return nil }
            self = .objects(names)
        case (4, let item):
            guard let name = Name(item) else { return nil }
            self = .object(name)
        default: return nil
        }
    }

    /// Selector and parameters.
    public var access: SelectiveAccess {
        switch self {
        case .all: SelectiveAccess(selector: 1, parameters: .nullData)
        case .classes(let classes):
            SelectiveAccess(selector: 2, parameters: .array(classes.map { .longUnsigned($0) }))
        case .objects(let names): SelectiveAccess(selector: 3, parameters: .array(names.map(\.data)))
        case .object(let name): SelectiveAccess(selector: 4, parameters: name.data)
        }
    }

    /// Cuts the part out of a whole object list; entries selected by class lose their access rights.
    public func part(of list: [DLMSData]) -> [DLMSData] {
        switch self {
        case .all: list
        case .classes(let classes):
            list.compactMap { entry in
                guard let head = Self.head(of: entry), classes.contains(head.name.classID) else { return nil }
                return .structure(head.members)
            }
        case .objects(let names):
            names.flatMap { name in list.filter { Self.head(of: $0)?.name == name } }
        case .object(let name): list.filter { Self.head(of: $0)?.name == name }
        }
    }

    private static func head(of entry: DLMSData) -> (name: Name, members: [DLMSData])? {
        guard case .structure(let members) = entry, members.count >= 3,
            let classID = members[0].integerValue.flatMap({ UInt16(exactly: $0) }),
            case .octetString(let octets) = members[2], let logicalName = try? OBISCode(octets: octets)
        else { return nil }
        return (Name(classID: classID, logicalName: logicalName), Array(members.prefix(3)))
    }
}

extension ObjectSelection.Name {
    fileprivate init?(_ data: DLMSData) {
        guard case .structure(let members) = data, members.count == 2,
            let classID = members[0].integerValue.flatMap({ UInt16(exactly: $0) }),
            case .octetString(let octets) = members[1], let logicalName = try? OBISCode(octets: octets)
        else { return nil }
        self.init(classID: classID, logicalName: logicalName)
    }

    fileprivate var data: DLMSData { .structure([.longUnsigned(classID), .octetString(logicalName.octets)]) }
}

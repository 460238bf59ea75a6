// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// Finds out which value of a notification's body is of which attribute.
///
/// A body that describes itself is believed first, then a push object list that fits in length, then names beside the
/// values, then a template. What the standard wants is the push object list (Blue Book, class 40); the rest is observed.
public struct PushDecoder: Sendable {
    /// The push object lists that the meter is known to have; one that fits in length is taken.
    public let objectLists: [[CaptureObject]]
    /// Whether such a list goes before names that stand in the body.
    public let trustsLists: Bool

    /// A body with more elements than this is not taken apart.
    private static let mostElements = 2000

    /// Makes a decoder.
    ///
    /// - Parameters:
    ///   - objectLists: push object lists as configured or read.
    ///   - trustsLists: whether a list that fits goes before names that stand in the body.
    public init(objectLists: [[CaptureObject]] = [], trustsLists: Bool = false) {
        self.objectLists = objectLists
        self.trustsLists = trustsLists
    }

    /// The values of a body; nil when nothing tells what they are.
    public func content(of body: DLMSData) -> PushedContent? {
        let elements: [DLMSData]
        switch body {
        case .structure(let members): elements = members
        case .array(let items): elements = items
        default: elements = [body]
        }
        guard (1...Self.mostElements).contains(elements.count) else { return nil }
        if let content = selfDescribing(elements) { return content }
        let listed = listed(elements)
        if trustsLists, let listed { return listed }
        return named(elements) ?? listed ?? PushTemplate.content(of: elements)
    }

    /// The event that an EVENT-NOTIFICATION or a report tells of: one attribute with its value.
    public static func content(of attribute: CaptureObject, _ data: DLMSData) -> PushedContent {
        PushedContent(layout: .named, values: [PushedContent.Value(attribute: attribute, data: data)])
    }

    // MARK: Push object lists

    /// A body whose first element is the push object list, itself listed or not.
    private func selfDescribing(_ elements: [DLMSData]) -> PushedContent? {
        guard let first = elements.first, let list = CaptureObject.list(first), !list.isEmpty else { return nil }
        let values: ArraySlice<DLMSData>
        if list.count == elements.count {
            values = elements[...]
        } else if list.count == elements.count - 1 {
            values = elements.dropFirst()
        } else {
            return nil
        }
        return PushedContent(
            layout: .selfDescribing,
            values: zip(list, values).map { PushedContent.Value(attribute: $0, data: $1) }
        )
    }

    private func listed(_ elements: [DLMSData]) -> PushedContent? {
        for list in objectLists where list.count == elements.count {
            return PushedContent(
                layout: .objectList,
                values: zip(list, elements).map { PushedContent.Value(attribute: $0, data: $1) }
            )
        }
        return nil
    }

    // MARK: Names beside values

    private func named(_ elements: [DLMSData]) -> PushedContent? {
        var walk = NamedWalk()
        walk.visit(elements, depth: 0)
        guard !walk.values.isEmpty, walk.unexplained * 2 <= walk.values.count else { return nil }
        let template = PushTemplate.named(walk.listName)
        return PushedContent(
            layout: .named,
            template: template?.name,
            values: walk.values.map { template?.scaling($0) ?? $0 },
            unexplained: walk.unexplained
        )
    }

    /// Walks through a body and collects what has a name.
    private struct NamedWalk {
        private static let deepest = 3

        var values: [PushedContent.Value] = []
        var unexplained = 0
        /// A text in front, by which manufacturers tell which of their lists it is.
        var listName: String?

        mutating func visit(_ elements: [DLMSData], depth: Int) {
            var index = 0
            while index < elements.count {
                let element = elements[index]
                index += 1
                if let entry = PushedContent.Value(entry: element) {
                    values.append(entry)
                } else if let setup = OBISCode(pushed: element), setup.isPushSetup {
                    // The set-up names itself; what follows is no value of it.
                    let attribute = CaptureObject(classID: 40, logicalName: setup, attributeIndex: 1)
                    values.append(PushedContent.Value(attribute: attribute, data: element))
                } else if let name = OBISCode(pushed: element), index < elements.count {
                    let data = elements[index]
                    index += 1
                    var scalerUnit: ScalerUnit?
                    if index < elements.count, let next = ScalerUnit(strict: elements[index]) {
                        scalerUnit = next
                        index += 1
                    }
                    values.append(PushedContent.Value(name: name, data: data, scalerUnit: scalerUnit))
                } else if let time = COSEMDateTime(pushed: element), values.isEmpty, depth == 0 {
                    values.append(PushedContent.Value(attribute: .clock, data: .dateTime(time)))
                } else if case .visibleString = element, values.isEmpty, listName == nil {
                    listName = element.pushedText
                } else {
                    switch element {
                    case .structure(let inner), .array(let inner):
                        if depth < Self.deepest { visit(inner, depth: depth + 1) } else { unexplained += 1 }
                    default: unexplained += 1
                    }
                }
            }
        }
    }
}

extension PushedContent.Value {
    /// Takes a structure that holds a name and a value: {name, value}, {name, value, scaler_unit}, or
    /// {class, name, attribute, value}; nil for anything else.
    fileprivate init?(entry: DLMSData) {
        guard case .structure(let members) = entry else { return nil }
        if (2...3).contains(members.count), let name = OBISCode(pushed: members[0]) {
            let scalerUnit = members.count == 3 ? ScalerUnit(strict: members[2]) : nil
            guard members.count == 2 || scalerUnit != nil else { return nil }
            self.init(name: name, data: members[1], scalerUnit: scalerUnit)
        } else if members.count == 4, case .longUnsigned(let classID) = members[0],
            let name = OBISCode(pushed: members[1]), case .integer(let index) = members[2]
        {
            self.init(
                attribute: CaptureObject(classID: classID, logicalName: name, attributeIndex: index),
                data: members[3]
            )
        } else {
            return nil
        }
    }

    /// Takes a value that has a name and no class; the class follows from the name, the attribute is the value.
    fileprivate init(name: OBISCode, data: DLMSData, scalerUnit: ScalerUnit?) {
        let classID: UInt16 = name.usualClass(isQuantity: scalerUnit != nil)
        self.init(
            attribute: CaptureObject(classID: classID, logicalName: name, attributeIndex: 2),
            data: data,
            scalerUnit: scalerUnit
        )
    }
}

extension ScalerUnit {
    /// Takes a structure of an integer and an enumeration, which no list of values looks like; nil for anything else.
    fileprivate init?(strict data: DLMSData) {
        guard case .structure(let members) = data, members.count == 2, case .integer = members[0],
            case .enumeration = members[1]
        else { return nil }
        self.init(data)
    }
}

extension OBISCode {
    /// Takes a string of six octets that may be a logical name and is hardly anything else; nil for all others.
    ///
    /// Group A goes to 15, group F is 255 or a billing period up to 126 (Blue Book part 1).
    fileprivate init?(pushed data: DLMSData) {
        guard case .octetString(let octets) = data, let code = try? OBISCode(octets: octets), code.a <= 15,
            code.f == 255 || code.f <= 126
        else { return nil }
        self = code
    }

    /// Whether it is the name of a push set-up (Blue Book part 1).
    fileprivate var isPushSetup: Bool { a == 0 && c == 25 && d == 9 }

    /// The class that an object of this name has nearly always, where a list does not tell it.
    func usualClass(isQuantity: Bool) -> UInt16 {
        let (data, register, clock): (UInt16, UInt16, UInt16) = (1, 3, 8)
        if isQuantity { return register }
        switch (a, c) {
        case (0, 1) where d == 0: return clock
        case (0, _): return data
        case (_, 0): return data
        case (_, 1...95): return register
        default: return data
        }
    }
}

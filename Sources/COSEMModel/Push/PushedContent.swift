// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The values in the body of a notification, each with the attribute it is of.
public struct PushedContent: Hashable, Sendable {
    /// How the body tells which value is of which attribute.
    public enum Layout: String, CaseIterable, Hashable, Sendable {
        /// The push object list comes first, values follow.
        case selfDescribing = "self-describing"
        /// Values alone, in the order of a push object list that is known from elsewhere.
        case objectList = "object-list"
        /// Logical names and values take turns, or stand in structures together.
        case named
        /// Values alone, in an order that one manufacturer has published.
        case template
    }

    /// One value.
    public struct Value: Hashable, Sendable {
        /// The attribute; an index of 0 stands for the whole attribute.
        public let attribute: CaptureObject
        /// The value.
        public let data: DLMSData
        /// Scaler and unit, if they were sent along or are known of the template.
        public let scalerUnit: ScalerUnit?

        /// Makes a value.
        public init(attribute: CaptureObject, data: DLMSData, scalerUnit: ScalerUnit? = nil) {
            self.attribute = attribute
            self.data = data
            self.scalerUnit = scalerUnit
        }
    }

    /// How the body was read.
    public let layout: Layout
    /// The name of the template that scalers or names came from.
    public let template: String?
    /// The values in their order.
    public let values: [Value]
    /// How many elements of the body could not be told to be anything.
    public let unexplained: Int
    /// Whether nothing in the body itself says that it is of this layout, so that it may as well be something else.
    public let isGuess: Bool

    init(layout: Layout, template: String? = nil, values: [Value], unexplained: Int = 0, isGuess: Bool = false) {
        self.isGuess = isGuess
        self.layout = layout
        self.template = template
        self.values = values
        self.unexplained = unexplained
    }

    /// What the clock of the meter showed, if it is among the values.
    public var clock: COSEMDateTime? {
        for value in values where value.attribute.classID == 8 && value.attribute.attributeIndex == 2 {
            if let time = COSEMDateTime(pushed: value.data) { return time }
        }
        return nil
    }

    /// The push set-up that sent the body, if it names itself.
    public var pushSetup: OBISCode? {
        values.first { $0.attribute.classID == 40 }?.attribute.logicalName
    }

    /// By what the meter names itself: logical device name, device numbers, and the numbers of metering points.
    public var names: [String] {
        values.compactMap { value in
            guard Self.isName(value.attribute.logicalName) else { return nil }
            return value.data.pushedText
        }
    }

    /// Whether the value of an object names a meter.
    ///
    /// 0.b.42.0.0 logical device name, 0.b.96.1.e device numbers, 1.b.0.0.e numbers of the customer, of which
    /// manufacturers use 5 for the metering point.
    private static func isName(_ object: OBISCode) -> Bool {
        switch (object.a, object.c, object.d) {
        case (0, 42, 0): object.e == 0
        // 7 is the type of the meter.
        case (0, 96, 1): object.e <= 9 && object.e != 7
        case (1, 0, 0): object.e <= 9
        default: false
        }
    }
}

extension COSEMDateTime {
    /// Takes a date-time, also one of twelve octets; nil for anything else.
    public init?(pushed data: DLMSData) {
        switch data {
        case .dateTime(let time): self = time
        case .octetString(let octets) where octets.count == 12:
            guard let time = try? COSEMDateTime(octets: octets) else { return nil }
            self = time
        default: return nil
        }
    }
}

extension DLMSData {
    /// The text of a string or a string of octets without its padding; nil when it is no text of 1 to 64 characters.
    var pushedText: String? {
        guard case .octetString(var octets) = self.asOctetString else { return integerValue.map { String($0) } }
        // Observed: texts padded with 00, FF or blanks.
        while let last = octets.last, [0x00, 0xFF, 0x20].contains(last) { octets.removeLast() }
        while let first = octets.first, [0x00, 0x20].contains(first) { octets.removeFirst() }
        guard (1...64).contains(octets.count), octets.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        return String(decoding: octets, as: UTF8.self)
    }

    private var asOctetString: DLMSData {
        switch self {
        case .visibleString(let octets), .utf8String(let octets): .octetString(octets)
        default: self
        }
    }
}

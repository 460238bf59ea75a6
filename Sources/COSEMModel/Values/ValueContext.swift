// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What is known about a value before it is shown or read back.
public struct ValueContext: Hashable, Sendable {
    /// Whether a value is a physical quantity, and how to scale it.
    public enum Quantity: Hashable, Sendable {
        /// No quantity: shown as its type.
        case none
        /// A quantity whose scaler and unit could not be had: shown as the raw number.
        case unknown
        /// A quantity with scaler and unit.
        case known(ScalerUnit)
    }

    /// What the value looks like by the class model.
    public var shape: Shape
    /// Whether the value is a physical quantity.
    public var quantity: Quantity
    /// Write 64-bit integers and scaled values as JSON strings, for readers that only have doubles.
    public var numbersAsStrings: Bool
    /// The meter sends the deviation with the sign of an ISO offset instead of the standard's.
    public var invertsDeviation: Bool
    /// The power of ten to show a quantity in; nil for the meter's unit.
    public var displayScale: DisplayScale?

    /// Makes a context; without arguments nothing is known.
    public init(
        shape: Shape = .any,
        quantity: Quantity = .none,
        numbersAsStrings: Bool = false,
        invertsDeviation: Bool = false,
        displayScale: DisplayScale? = nil
    ) {
        self.shape = shape
        self.quantity = quantity
        self.numbersAsStrings = numbersAsStrings
        self.invertsDeviation = invertsDeviation
        self.displayScale = displayScale
    }

    /// What class model and OBIS code say about an attribute.
    /// - Parameters:
    ///   - classID: The interface class.
    ///   - version: Its version, nil if not known.
    ///   - logicalName: The object.
    ///   - index: The attribute.
    ///   - scalerUnit: The object's scaler_unit, if it has been read.
    public static func attribute(
        classID: UInt16,
        version: UInt8?,
        logicalName: OBISCode,
        index: Int8,
        scalerUnit: ScalerUnit? = nil
    ) -> ValueContext {
        let model = InterfaceClassRegistry.standard.nearest(classID, version: version)?.attribute(index)
        var context = ValueContext(shape: model?.shape ?? .any)
        if QuantityAttributes.contains(classID: classID, index: index) {
            context.quantity = scalerUnit.map { .known($0) } ?? .unknown
        }
        if index == 2, context.shape == .any, let hint = OBISNames.standard.meaning(of: logicalName) {
            context.shape = .simple(.octetString, hint)
        }
        return context
    }
}

/// The attributes that are physical quantities scaled by the scaler_unit of their object (Blue Book, classes 3, 4, 5, 61).
public enum QuantityAttributes {
    /// Whether the attribute is a physical quantity.
    public static func contains(classID: UInt16, index: Int8) -> Bool {
        switch classID {
        case 3, 4: index == 2
        case 5: index == 2 || index == 3
        default: false
        }
    }

    /// Which attribute holds the scaler_unit of such a class; nil if the class has none.
    public static func scalerUnitIndex(classID: UInt16) -> Int8? {
        switch classID {
        case 3, 4: 3
        case 5: 4
        default: nil
        }
    }
}

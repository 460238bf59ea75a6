// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec

/// A data set of a text meter as the COSEM object that it stands for.
///
/// A number with a unit is a register (class 3), one with a time beside it an extended register (class 4); a number with
/// a point but no unit is a register without unit; anything else is Data (class 1) with the text as it stands, so that
/// serial numbers keep their zeros.
struct TextObject: Hashable, Sendable {
    /// The class of objects without a unit.
    static let data: UInt16 = 1
    static let register: UInt16 = 3
    static let extendedRegister: UInt16 = 4

    /// The logical name.
    let logicalName: OBISCode
    /// The class.
    let classID: UInt16
    /// The identification code as the meter writes it.
    let address: String
    /// Attribute 2.
    let value: DLMSData
    /// Attribute 3 of registers.
    let scalerUnit: ScalerUnit?
    /// Attribute 5 of extended registers.
    let captureTime: TextTime?
    /// The value as the meter writes it.
    let text: String

    /// Makes the object of a data set; nil when the address is no OBIS code.
    ///
    /// - Parameters:
    ///   - set: the data set.
    ///   - unit: the unit of the present value, for stored values that are written without one.
    init?(_ set: TextDataSet, unit inherited: String? = nil) {
        guard let logicalName = ReducedOBISCode.logicalName(of: set.address) else { return nil }
        self.init(set, named: logicalName, unit: inherited)
    }

    /// Makes the object of a data set that the caller knows by name.
    init?(_ set: TextDataSet, named logicalName: OBISCode, unit inherited: String? = nil) {
        guard let first = set.values.first else { return nil }
        self.logicalName = logicalName
        address = set.address
        let second = set.values.count == 2 ? set.values[1] : nil
        var main = first
        var time: TextTime?
        if let second, second.unit == nil, let moment = TextTime(second.text, as: .dateTime), first.text.count <= 12 {
            time = moment
        } else if let second, second.unit != nil, let moment = TextTime(first.text, as: .dateTime) {
            // A customer port writes the time in front of the value of another meter.
            (main, time) = (second, moment)
        }
        text = main.text
        let isAlone = set.values.count == 1 || time != nil
        if isAlone, let quantity = TextQuantity(main.text), let scalerUnit = Self.scalerUnit(main, quantity, inherited)
        {
            value = .long64(quantity.raw)
            self.scalerUnit = scalerUnit
            captureTime = time
            classID = time == nil ? Self.register : Self.extendedRegister
            return
        }
        scalerUnit = nil
        captureTime = nil
        classID = Self.data
        let texts = set.values.map { value in
            DLMSData.visibleString(Array((value.text + (value.unit.map { "*" + $0 } ?? "")).utf8))
        }
        value = texts.count == 1 ? texts[0] : .structure(texts)
    }

    private static func scalerUnit(_ value: TextValue, _ quantity: TextQuantity, _ inherited: String?) -> ScalerUnit? {
        let written = value.unit.flatMap { $0.isEmpty ? nil : $0 }
        if let unit = written ?? inherited { return TextUnit(unit)?.scalerUnit(decimals: quantity.decimals) }
        guard quantity.decimals > 0 else { return nil }
        return ScalerUnit(scaler: Int8(-quantity.decimals), unitCode: UnitTable.unitless)
    }

    /// The attributes that it has.
    var attributes: [Int8] {
        switch classID {
        case Self.register: [1, 2, 3]
        case Self.extendedRegister: [1, 2, 3, 5]
        default: [1, 2]
        }
    }

    /// The value of an attribute; nil for one that it does not have.
    func attribute(_ index: Int8, _ times: TextClockRules) -> DLMSData? {
        switch index {
        case 1: .octetString(logicalName.octets)
        case 2: value
        case 3: scalerUnit?.data
        case 5: captureTime.flatMap { times.dateTime($0) }.map { .octetString($0.octets) }
        default: nil
        }
    }

    /// The value of a data set that was written, in the form in which the meter shows the present one.
    ///
    /// - Returns: nil for a value that cannot be written so.
    func written(_ data: DLMSData) -> String? {
        switch data {
        case .visibleString(let octets), .utf8String(let octets):
            return classID == Self.data ? String(decoding: octets, as: UTF8.self) : nil
        default:
            guard classID != Self.data, let raw = data.integerValue, let present = TextQuantity(text) else {
                return nil
            }
            return TextQuantity.text(raw, decimals: present.decimals, like: text)
        }
    }
}

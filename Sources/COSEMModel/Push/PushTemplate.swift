// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// A list of values as one manufacturer sends it: which text or type it begins with, and what stands where.
///
/// Observed in lists for the customer's port in Norway, Sweden and Denmark, and in what manufacturers publish of them.
struct PushTemplate: Sendable {
    /// What stands in one place, or what the quantity of a name is.
    struct Column: Sendable {
        let object: OBISCode
        let classID: UInt16
        let scalerUnit: ScalerUnit?
    }

    let name: String
    /// What the text in front begins with; nil when there is none.
    let listName: String?
    /// What stands where, the text in front included; empty when names stand beside the values.
    let columns: [Column]
    /// Scalers of quantities by group C and D of their names, for lists without scalers.
    let scalers: [UInt16: ScalerUnit]

    /// The template of lists that name themselves and their values.
    static func named(_ listName: String?) -> PushTemplate? {
        guard let listName else { return nil }
        return all.first { template in
            template.columns.isEmpty && template.listName.map { listName.hasPrefix($0) } == true
        }
    }

    /// The values of a list without names.
    static func content(of elements: [DLMSData]) -> PushedContent? {
        let text = elements.first?.pushedText
        for template in all where template.columns.count == elements.count {
            if let listName = template.listName {
                guard text?.hasPrefix(listName) == true else { continue }
            } else {
                // A lone power: nothing but a number of 32 bits says so.
                guard case .doubleLongUnsigned? = elements.first else { continue }
            }
            return PushedContent(
                layout: .template,
                template: template.name,
                values: zip(template.columns, elements).map { column, data in
                    PushedContent.Value(
                        attribute: CaptureObject(
                            classID: column.classID,
                            logicalName: column.object,
                            attributeIndex: 2
                        ),
                        data: data,
                        scalerUnit: column.scalerUnit
                    )
                },
                isGuess: template.listName == nil
            )
        }
        return nil
    }

    /// A value with the scaler of its quantity, unless it has one.
    func scaling(_ value: PushedContent.Value) -> PushedContent.Value {
        let object = value.attribute.logicalName
        guard value.scalerUnit == nil, let known = scalers[UInt16(object.c) << 8 | UInt16(object.d)] else {
            return value
        }
        return PushedContent.Value(attribute: value.attribute, data: value.data, scalerUnit: known)
    }
}

extension PushTemplate {
    private static let watt = ScalerUnit(scaler: 0, unitCode: 27)
    private static let reactive = ScalerUnit(scaler: 0, unitCode: 29)
    private static let wattHour = ScalerUnit(scaler: 0, unitCode: 30)
    private static let reactiveHour = ScalerUnit(scaler: 0, unitCode: 32)
    private static let milliampere = ScalerUnit(scaler: -3, unitCode: 33)
    private static let decivolt = ScalerUnit(scaler: -1, unitCode: 35)

    private static func register(_ c: UInt8, _ d: UInt8, _ scalerUnit: ScalerUnit) -> Column {
        Column(object: OBISCode(1, 0, c, d, 0, 255), classID: 3, scalerUnit: scalerUnit)
    }

    private static func text(_ object: OBISCode) -> Column { Column(object: object, classID: 1, scalerUnit: nil) }

    private static let heading = [
        text(OBISCode(1, 1, 0, 2, 129, 255)), text(OBISCode(0, 0, 96, 1, 0, 255)), text(OBISCode(0, 0, 96, 1, 7, 255)),
    ]
    private static let powers = [
        register(1, 7, watt), register(2, 7, watt), register(3, 7, reactive), register(4, 7, reactive),
    ]
    private static let onePhase = heading + powers + [register(31, 7, milliampere), register(32, 7, decivolt)]
    private static let threePhases =
        heading + powers
        + [31, 51, 71].map { register($0, 7, milliampere) } + [32, 52, 72].map { register($0, 7, decivolt) }
    private static let energies =
        [Column(object: OBISCode(0, 0, 1, 0, 0, 255), classID: 8, scalerUnit: nil)]
        + [
            register(1, 8, wattHour), register(2, 8, wattHour), register(3, 8, reactiveHour),
            register(4, 8, reactiveHour),
        ]

    /// Quantities of Kamstrup's lists, by group C and D of their names.
    private static let kamstrupScalers: [UInt16: ScalerUnit] = {
        var scalers: [UInt16: ScalerUnit] = [:]
        func set(_ groups: [UInt8], _ d: UInt8, _ scaler: Int8, _ unit: UInt8) {
            for c in groups { scalers[UInt16(c) << 8 | UInt16(d)] = ScalerUnit(scaler: scaler, unitCode: unit) }
        }
        set([1, 2, 21, 41, 61, 22, 42, 62], 7, 0, 27)
        set([3, 4, 23, 43, 63, 24, 44, 64], 7, 0, 29)
        // Energies in tens of watt-hours.
        set([1, 2, 21, 41, 61, 22, 42, 62], 8, 1, 30)
        set([3, 4, 23, 43, 63, 24, 44, 64], 8, 1, 32)
        set([31, 51, 71], 7, -2, 33)
        set([32, 52, 72], 7, 0, 35)
        set([13, 33, 53, 73], 7, -2, 255)
        return scalers
    }()

    /// All that are known.
    static let all = [
        PushTemplate(name: "kamstrup", listName: "Kamstrup_V", columns: [], scalers: kamstrupScalers),
        PushTemplate(name: "kaifa-power", listName: nil, columns: [register(1, 7, watt)], scalers: [:]),
        PushTemplate(name: "kaifa-1-phase", listName: "KFM_", columns: onePhase, scalers: [:]),
        PushTemplate(name: "kaifa-3-phases", listName: "KFM_", columns: threePhases, scalers: [:]),
        PushTemplate(name: "kaifa-1-phase-energy", listName: "KFM_", columns: onePhase + energies, scalers: [:]),
        PushTemplate(name: "kaifa-3-phases-energy", listName: "KFM_", columns: threePhases + energies, scalers: [:]),
    ]
}

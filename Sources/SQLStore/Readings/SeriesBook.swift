// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Timekeeping

/// The numbers of a meter's series and units inside a transaction; makes those that are missing.
struct SeriesBook {
    /// Scaler and unit with their number within a series.
    struct Units: Hashable {
        let number: Int64
        let scalerUnit: ScalerUnit
    }

    private let meter: String
    private(set) var numbers: [ReadingSeries: Int64] = [:]
    private(set) var units: [Int64: [Units]] = [:]

    /// Reads the book of a meter.
    init(meter: String, on connection: any SQLConnection) throws(SQLError) {
        self.meter = meter
        let rows = try connection.query(
            """
            SELECT series, source, profile, object, class_id, attribute, element FROM reading_series
            WHERE meter_id = :meter
            """,
            ["meter": .text(meter)]
        )
        for row in rows { numbers[try Self.series(row)] = Int64(try row.integer("series")) }
        let entries = try connection.query(
            "SELECT series, units, scaler, unit_code FROM reading_units WHERE meter_id = :meter ORDER BY series, units",
            ["meter": .text(meter)]
        )
        for row in entries {
            units[Int64(try row.integer("series")), default: []].append(
                Units(
                    number: Int64(try row.integer("units")),
                    scalerUnit: ScalerUnit(
                        scaler: Int8(clamping: try row.integer("scaler")),
                        unitCode: UInt8(clamping: try row.integer("unit_code"))
                    )
                )
            )
        }
    }

    /// The number of a series, which is made when there is none.
    mutating func number(of series: ReadingSeries, on connection: any SQLConnection) throws(SQLError) -> Int64 {
        if let number = numbers[series] { return number }
        let number = (numbers.values.max() ?? 0) + 1
        try connection.execute(
            """
            INSERT INTO reading_series (meter_id, series, source, profile, object, class_id, attribute, element)
            VALUES (:meter, :series, :source, :profile, :object, :class_id, :attribute, :element)
            """,
            [
                "meter": .text(meter), "series": .integer(number), "source": .text(series.source.word),
                "profile": .text(series.source.profile?.description ?? ""),
                "object": .text(series.object.description), "class_id": .integer(Int64(series.classID)),
                "attribute": .integer(Int64(series.attribute)), "element": .integer(Int64(series.element)),
            ]
        )
        numbers[series] = number
        return number
    }

    /// The number of scaler and unit within a series, which is made when there is none; 0 for nil.
    mutating func units(
        of series: Int64,
        _ scalerUnit: ScalerUnit?,
        at moment: Timestamp,
        on connection: any SQLConnection
    ) throws(SQLError) -> Int64 {
        guard let scalerUnit else { return 0 }
        let known = units[series] ?? []
        if let entry = known.last(where: { $0.scalerUnit == scalerUnit }) { return entry.number }
        let number = Int64(known.count + 1)
        try connection.execute(
            """
            INSERT INTO reading_units (meter_id, series, units, scaler, unit_code, first_seen_at)
            VALUES (:meter, :series, :units, :scaler, :unit_code, :moment)
            """,
            [
                "meter": .text(meter), "series": .integer(series), "units": .integer(number),
                "scaler": .integer(Int64(scalerUnit.scaler)), "unit_code": .integer(Int64(scalerUnit.unitCode)),
                "moment": .moment(moment),
            ]
        )
        units[series, default: []].append(Units(number: number, scalerUnit: scalerUnit))
        return number
    }

    /// Scaler and unit of a number within a series; nil for 0.
    func scalerUnit(_ number: Int64, of series: Int64) -> ScalerUnit? {
        units[series]?.first { $0.number == number }?.scalerUnit
    }

    private static func series(_ row: SQLRow) throws(SQLError) -> ReadingSeries {
        let object = try row.text("object")
        guard let code = OBISCode(object),
            let source = ReadingSeries.Source(word: try row.text("source"), profile: try row.text("profile"))
        else { throw .unexpectedResult(reason: "a series of \(object) cannot be read") }
        return ReadingSeries(
            source: source,
            object: code,
            classID: UInt16(clamping: try row.integer("class_id")),
            attribute: Int8(clamping: try row.integer("attribute")),
            element: UInt16(clamping: try row.integer("element"))
        )
    }
}

extension ReadingSeries.Source {
    var word: String {
        switch self {
        case .register: "register"
        case .profile: "profile"
        case .push: "push"
        }
    }

    var profile: OBISCode? {
        if case .profile(let code) = self { code } else { nil }
    }

    init?(word: String, profile: String) {
        switch (word, OBISCode(profile)) {
        case ("register", nil): self = .register
        case ("push", nil): self = .push
        case ("profile", let code?): self = .profile(code)
        default: return nil
        }
    }
}

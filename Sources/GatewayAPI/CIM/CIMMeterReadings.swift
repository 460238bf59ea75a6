// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Fleet
import GatewayCore
import JSONText
import Timekeeping

/// Readings as MeterReadings of IEC 61968-9 in XML, written as they come.
struct CIMMeterReadings {
    static let mediaType = "application/xml"
    private static let namespace = "http://iec.ch/TC57/2011/MeterReadings#"

    private var octets: [UInt8] = []
    private var openMeter: String?
    private var unnamed = 0

    init() {
        add("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MeterReadings xmlns=\"\(Self.namespace)\">\n")
    }

    /// Hands out what has been added.
    mutating func take() -> [UInt8] {
        defer { octets.removeAll(keepingCapacity: true) }
        return octets
    }

    /// Adds stored readings of a meter; those without a type of the standard are counted only.
    mutating func add(_ readings: [StoredReading], of meter: MeterID) {
        for reading in readings {
            let type = CIMReadingType(
                of: reading.series.object,
                attribute: reading.series.attribute,
                unitCode: reading.scalerUnit?.unitCode
            )
            guard let type, reading.series.element == 0, let value = reading.decimalText else {
                unnamed += 1
                continue
            }
            if openMeter != meter.text {
                closeMeter()
                add("<MeterReading>\n")
                addMeter(meter.text)
                openMeter = meter.text
            }
            add("<Readings>")
            addReading(reading.at.rfc3339, value, reading.quality)
            add("<ReadingType ref=\"\(type.text)\"/></Readings>\n")
        }
    }

    /// Adds rows of a profile, one block for each column that has a type.
    mutating func add(_ batch: RowsBatch, of sheet: ProfileSheet, _ layout: ProfileLayout, meter: String) {
        let behaviour = sheet.behaviour
        var writer = ProfileRowWriter(layout: layout, behaviour: behaviour)
        closeMeter()
        add("<MeterReading>\n")
        for column in layout.valueColumns {
            let capture = layout.columns[column].capture
            let type = CIMReadingType(
                of: capture.logicalName,
                attribute: capture.attributeIndex,
                unitCode: layout.columns[column].scalerUnit?.unitCode,
                period: sheet.descriptor.capturePeriod
            )
            guard let type, capture.dataIndex == 0 else {
                unnamed += batch.count
                continue
            }
            add("<IntervalBlocks>\n")
            for index in batch.indices {
                let row = batch.rows[index]
                var cell = JSONWriter(reservingCapacity: 32)
                writer.write(row, column: column, into: &cell)
                let value = String(decoding: cell.octets, as: UTF8.self)
                guard let time = row.time?.iso, JSONNumber(text: value) != nil else {
                    unnamed += 1
                    continue
                }
                add("<IntervalReadings>")
                addReading(time, value, row.quality(behaviour.statusTable))
                add("</IntervalReadings>\n")
            }
            add("<ReadingType ref=\"\(type.text)\"/>\n</IntervalBlocks>\n")
        }
        addMeter(meter)
        add("</MeterReading>\n")
    }

    /// Ends the document, whose last element is missing when something went wrong on the way.
    mutating func finish() {
        closeMeter()
        if unnamed > 0 { add("<!-- \(unnamed) values have no ReadingType or no number and are left out -->\n") }
        add("</MeterReadings>\n")
    }

    private mutating func closeMeter() {
        if openMeter != nil { add("</MeterReading>\n") }
        openMeter = nil
    }

    private mutating func addMeter(_ meter: String) {
        // Ids of meters have no character that would have to be escaped.
        add("<Meter><Names><name>\(meter)</name></Names></Meter>\n")
    }

    private mutating func addReading(_ time: String, _ value: String, _ quality: ProfileQuality) {
        let code = Self.code(of: quality)
        add("<timeStamp>\(time)</timeStamp><value>\(value)</value>")
        add("<ReadingQualities><ReadingQualityType ref=\"\(code)\"/></ReadingQualities>")
    }

    /// System 2 is the head-end; the category of the quality follows.
    private static func code(of quality: ProfileQuality) -> String {
        switch quality {
        case .valid: "2.0.0"
        case .suspect: "2.10.0"
        case .estimated: "2.8.0"
        case .inferred: "2.11.0"
        case .missing: "2.5.259"
        }
    }

    private mutating func add(_ text: String) {
        octets += text.utf8
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// How a discovery looks in JSON: what was found, and what to configure and order accordingly.
struct DiscoveryRepresentation {
    /// Most registers in the suggested reading.
    private static let mostRegisters = 100
    /// Classes with a value and a unit.
    private static let registers: Set<UInt16> = [3, 4, 5]

    /// Writes a discovery.
    static func write(_ discovery: MeterDiscovery, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("meter", discovery.meter.text)
        writer.name("identification")
        writer.beginObject()
        for fact in MeterDiscovery.Fact.allCases {
            writer.name(fact.rawValue)
            if let text = discovery.identification[fact] { writer.string(text) } else { writer.null() }
        }
        writer.endObject()
        writer.name("objects")
        writer.beginArray()
        for entry in discovery.objects.entries { ObjectRepresentation().write(entry, into: &writer) }
        writer.endArray()
        writer.name("profiles")
        writer.beginArray()
        for entry in discovery.profiles {
            switch entry.sheet {
            case .success(let sheet):
                ProfileRepresentation().write(sheet, meter: discovery.meter.text, into: &writer)
            case .failure(let error):
                ProfileRepresentation().write(
                    entry.object,
                    problem: error,
                    meter: discovery.meter.text,
                    into: &writer
                )
            }
        }
        writer.endArray()
        writeSuggestion(discovery, into: &writer)
        writer.member("association", discovery.association)
        writer.member("foundAt", discovery.foundAt.rfc3339)
        writer.endObject()
    }

    /// Writes a merge patch of the meter, and operations for schedules.
    private static func writeSuggestion(_ discovery: MeterDiscovery, into writer: inout JSONWriter) {
        writer.name("suggestion")
        writer.beginObject()
        writer.name("configuration")
        writer.beginObject()
        writer.name("labels")
        writer.beginObject()
        for fact in [MeterDiscovery.Fact.manufacturer, .serialNumber, .firmware] {
            if let text = discovery.identification[fact] {
                writer.name(fact.rawValue)
                writer.string(text)
            }
        }
        writer.endObject()
        writer.endObject()
        writer.name("operations")
        writer.beginArray()
        let readable = discovery.objects.entries.filter {
            registers.contains($0.classID) && $0.logicalName.a >= 1
                && OBISNames.standard.name(of: $0.logicalName) != nil
        }
        if !readable.isEmpty {
            let queries = readable.prefix(mostRegisters).map {
                AttributeQuery(object: $0.logicalName, classID: $0.classID, attribute: .index(2))
            }
            writer.value(JobOrder.read(queries, association: nil).operation)
        }
        for entry in discovery.profiles {
            guard let sheet = try? entry.sheet.get(), sheet.object.classID == 7 else { continue }
            let rows = RowsQuery(last: .seconds(86_400))
            writer.value(JobOrder.profileRead(sheet.object.logicalName, rows, association: nil).operation)
        }
        writer.endArray()
        writer.endObject()
    }
}

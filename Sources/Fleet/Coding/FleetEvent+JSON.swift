// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

extension FleetEvent {
    /// Writes the event as one object: id, at, type, meter, data.
    public func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", id.text)
        writer.member("at", at.rfc3339)
        writer.member("type", type.text)
        writer.member("meter", meter?.text)
        writer.member("data", .object(data))
        writer.endObject()
    }

    /// The event as JSON text without a line break.
    public var document: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512)
        write(into: &writer)
        return writer.takeOctets()
    }
}

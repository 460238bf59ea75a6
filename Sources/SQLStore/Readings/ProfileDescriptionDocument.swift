// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import JSONText

/// The JSON text of what is kept of a profile.
enum ProfileDescriptionDocument {
    static func text(of description: ProfileDescription) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("capturePeriod", description.capturePeriod)
        writer.member("sortMethod", description.sortMethod?.rawValue)
        writer.member("profileEntries", description.profileEntries)
        writer.member("columns", description.captureObjects) { capture, writer in
            writer.member("class", capture.classID)
            writer.member("object", capture.logicalName.description)
            writer.member("attribute", capture.attributeIndex)
            writer.member("element", capture.dataIndex)
            let scalerUnit = description.scalerUnits[capture.logicalName]
            writer.member("scaler", scalerUnit?.scaler)
            writer.member("unitCode", scalerUnit?.unitCode)
        }
        writer.endObject()
        return String(decoding: writer.octets, as: UTF8.self)
    }

    static func description(of profile: OBISCode, _ text: String) throws(StoreError) -> ProfileDescription {
        do {
            return try description(of: profile, JSONMembers(try JSONReader.parse(Array(text.utf8))))
        } catch {
            throw .damaged(record: "profile \(profile)", reason: "\(error)")
        }
    }

    private static func description(
        of profile: OBISCode,
        _ object: JSONMembers
    ) throws(JSONMemberError) -> ProfileDescription {
        var members = object
        var captures: [CaptureObject] = []
        var scalerUnits: [OBISCode: ScalerUnit] = [:]
        let period: UInt32 = try members.requiredInteger("capturePeriod")
        let sort: UInt8? = try members.optionalInteger("sortMethod")
        let entries: UInt32? = try members.optionalInteger("profileEntries")
        for item in try members.requiredArray("columns") {
            var column = try JSONMembers(item)
            let text = try column.requiredString("object")
            guard let code = OBISCode(text) else {
                throw JSONMemberError(.invalid(expected: "an OBIS code", suggestion: nil), at: .root)
            }
            captures.append(
                CaptureObject(
                    classID: try column.requiredInteger("class"),
                    logicalName: code,
                    attributeIndex: try column.requiredInteger("attribute"),
                    dataIndex: try column.requiredInteger("element")
                )
            )
            let scaler: Int8? = try column.optionalInteger("scaler")
            let unit: UInt8? = try column.optionalInteger("unitCode")
            if let scaler, let unit { scalerUnits[code] = ScalerUnit(scaler: scaler, unitCode: unit) }
        }
        return ProfileDescription(
            profile: profile,
            captureObjects: captures,
            scalerUnits: scalerUnits,
            capturePeriod: period,
            sortMethod: sort.flatMap { ProfileDescriptor.SortMethod(rawValue: $0) },
            profileEntries: entries
        )
    }
}

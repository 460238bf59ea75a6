// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// One column of a profile: which part of which attribute is captured (Blue Book, class 7, capture_object_definition).
public struct CaptureObject: Hashable, Sendable {
    /// The interface class of the captured object.
    public let classID: UInt16
    /// The captured object.
    public let logicalName: OBISCode
    /// The captured attribute.
    public let attributeIndex: Int8
    /// 0 for the whole attribute, n for the n-th element of a structure or array.
    public let dataIndex: UInt16

    /// The clock's time, by which profiles are usually read.
    public static let clock = CaptureObject(classID: 8, logicalName: OBISCode(0, 0, 1, 0, 0, 255), attributeIndex: 2)

    /// Makes a column.
    public init(classID: UInt16, logicalName: OBISCode, attributeIndex: Int8, dataIndex: UInt16 = 0) {
        self.classID = classID
        self.logicalName = logicalName
        self.attributeIndex = attributeIndex
        self.dataIndex = dataIndex
    }

    /// Reads one definition; nil if the value is none.
    public init?(_ data: DLMSData) {
        guard case .structure(let members) = data, members.count >= 4,
            let classID = members[0].integerValue.flatMap({ UInt16(exactly: $0) }),
            case .octetString(let octets) = members[1], let logicalName = try? OBISCode(octets: octets),
            let attributeIndex = members[2].integerValue.flatMap({ Int8(exactly: $0) }),
            let dataIndex = members[3].integerValue.flatMap({ UInt16(exactly: $0) })
        else { return nil }
        self.init(classID: classID, logicalName: logicalName, attributeIndex: attributeIndex, dataIndex: dataIndex)
    }

    /// Reads attribute 3 of a profile; nil if the value is no array of definitions, or has more than 1000.
    public static func list(_ data: DLMSData) -> [CaptureObject]? {
        guard case .array(let items) = data, items.count <= 1000 else { return nil }
        let objects = items.compactMap { CaptureObject($0) }
        return objects.count == items.count ? objects : nil
    }

    /// The definition as COSEM data.
    public var data: DLMSData {
        .structure([
            .longUnsigned(classID), .octetString(logicalName.octets), .integer(attributeIndex),
            .longUnsigned(dataIndex),
        ])
    }

    /// The column's name in answers: code and attribute, and the element if it is only one: "1.0.1.8.0.255/2".
    public var key: String {
        dataIndex == 0 ? "\(logicalName)/\(attributeIndex)" : "\(logicalName)/\(attributeIndex)/\(dataIndex)"
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// One column of a profile and what it is to readers of its rows.
public struct ProfileColumn: Hashable, Sendable {
    /// What part a column plays in a row.
    public enum Role: Hashable, Sendable {
        /// The time stamp of the row.
        case time
        /// The status word of the row.
        case status
        /// A captured value.
        case value
    }

    /// What is captured.
    public let capture: CaptureObject
    /// What part it plays.
    public let role: Role
    /// Scaler and unit of the captured object, nil if it has none or they could not be had.
    public let scalerUnit: ScalerUnit?

    /// The name in answers: "time", "status", or code and attribute.
    public var key: String {
        switch role {
        case .time: "time"
        case .status: "status"
        case .value: capture.key
        }
    }

    /// A readable name of the captured object, nil if none is known.
    public var name: String? { OBISNames.standard.name(of: capture.logicalName) }

    /// Whether the captured attribute is a physical quantity, so that scaler and unit should be read.
    public var isQuantity: Bool {
        capture.dataIndex == 0
            && QuantityAttributes.contains(classID: capture.classID, index: capture.attributeIndex)
    }
}

/// The columns of a profile's rows, in the order they come.
public struct ProfileLayout: Hashable, Sendable {
    /// The columns.
    public let columns: [ProfileColumn]
    /// Where the time stamp is, nil if the rows have none.
    public let timeColumn: Int?
    /// Where the status word is, nil if the rows have none.
    public let statusColumn: Int?
    /// Where the captured values are.
    public let valueColumns: [Int]

    /// Makes a layout: the first clock column is the time stamp, the first profile status register the status word.
    /// - Parameters:
    ///   - captureObjects: The columns that the rows have.
    ///   - scalerUnits: Scaler and unit of the captured objects as far as they are known.
    public init(captureObjects: [CaptureObject], scalerUnits: [OBISCode: ScalerUnit] = [:]) {
        let timeColumn = captureObjects.firstIndex { $0.isTime }
        let statusColumn = captureObjects.firstIndex { $0.isStatus }
        columns = captureObjects.enumerated().map { index, capture in
            let role: ProfileColumn.Role = index == timeColumn ? .time : index == statusColumn ? .status : .value
            let isQuantity = QuantityAttributes.contains(classID: capture.classID, index: capture.attributeIndex)
            return ProfileColumn(
                capture: capture,
                role: role,
                scalerUnit: isQuantity && role == .value ? scalerUnits[capture.logicalName] : nil
            )
        }
        self.timeColumn = timeColumn
        self.statusColumn = statusColumn
        valueColumns = columns.indices.filter { $0 != timeColumn && $0 != statusColumn }
    }
}

extension CaptureObject {
    /// The time of a clock, or a UNIX clock (0-0:1.1.0.255).
    var isTime: Bool {
        if classID == 8 { return attributeIndex == 2 }
        return attributeIndex == 2 && logicalName.a == 0 && logicalName.c == 1 && logicalName.d == 1
    }

    /// A profile status register (0-b:96.10.e.255).
    var isStatus: Bool {
        attributeIndex == 2 && logicalName.a == 0 && logicalName.c == 96 && logicalName.d == 10
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

extension TreeWriter {
    mutating func members(of request: ReadRequest) {
        apdu("read-request")
        list("list", request.variables) { $0.write($1) }
    }

    mutating func members(of response: ReadResponse) {
        apdu("read-response")
        list("list", response.results) { tree, result in
            tree.object { tree in
                switch result {
                case .data(let value): tree.data("data", value)
                case .failure(let reason): tree.json.member("data_access_error", reason.name)
                case .dataBlock(let isLast, let number, let rawData):
                    tree.object("data_block_result") { $0.block(isLast, number, rawData) }
                case .blockNumber(let number): tree.json.member("block_number", number)
                }
            }
        }
    }

    mutating func members(of request: WriteRequest) {
        apdu(request.isConfirmed ? "write-request" : "unconfirmed-write-request")
        list("list", request.variables) { $0.write($1) }
        data("data", request.data)
    }

    mutating func members(of response: WriteResponse) {
        apdu("write-response")
        list("list", response.results) { tree, result in
            tree.object { tree in
                switch result {
                case .success: tree.json.member("success", true)
                case .failure(let reason): tree.json.member("data_access_error", reason.name)
                case .blockNumber(let number): tree.json.member("block_number", number)
                }
            }
        }
    }

    mutating func members(of report: InformationReport) {
        apdu("information-report-request")
        if let time = report.currentTime {
            json.name("current_time")
            json.string(utf8: time)
        }
        list("list", report.variables) { $0.write($1) }
        data("data", report.data)
    }

    private mutating func write(_ variable: VariableAccess) {
        object { tree in
            switch variable {
            case .variableName(let name): tree.shortName("variable_name", name)
            case .parameterizedAccess(let name, let selector, let parameter):
                tree.object("parameterized_access") { tree in
                    tree.shortName("variable_name", name)
                    tree.json.member("selector", selector)
                    tree.data("parameter", parameter)
                }
            case .blockNumberAccess(let number): tree.json.member("block_number_access", number)
            case .readDataBlockAccess(let isLast, let number, let rawData):
                tree.object("read_data_block_access") { $0.block(isLast, number, rawData) }
            case .writeDataBlockAccess(let isLast, let number):
                tree.object("write_data_block_access") { $0.block(isLast, number, nil) }
            }
        }
    }

    private mutating func block(_ isLast: Bool, _ number: UInt16, _ rawData: [UInt8]?) {
        json.member("last_block", isLast)
        json.member("block_number", number)
        optionalOctets("raw_data", rawData)
    }
}

//! The headings and words of the HR systems we have met.

use crate::tabular::Wanted;

/// Columns of `person`, and some that help to fill it.
pub(super) static WANTED: &[Wanted] = &[
    (
        "employee_number",
        &[
            "employeenumber",
            "employeeno",
            "employeeid",
            "employeecode",
            "employeeref",
            "empnumber",
            "empno",
            "empid",
            "staffnumber",
            "staffno",
            "staffid",
            "personnelnumber",
            "personnelno",
            "personnumber",
            "personid",
            "payrollnumber",
            "payrollno",
            "payrollid",
            "workerid",
            "workernumber",
            "worksnumber",
            "colleagueid",
            "eeid",
            "number",
        ],
    ),
    ("id", &["id", "recordid", "uuid"]),
    (
        "name",
        &[
            "name",
            "fullname",
            "displayname",
            "employeename",
            "employeefullname",
            "preferredfullname",
            "workername",
            "employee",
            "lastnamefirstname",
        ],
    ),
    (
        "first_name",
        &[
            "firstname",
            "preferredname",
            "preferredfirstname",
            "forename",
            "forenames",
            "givenname",
        ],
    ),
    (
        "last_name",
        &["lastname", "surname", "familyname", "preferredlastname"],
    ),
    (
        "email",
        &[
            "email",
            "emailaddress",
            "workemail",
            "workemailaddress",
            "companyemail",
            "businessemail",
            "officeemail",
            "officeemailaddress",
            "emailwork",
            "primaryemail",
            "nhsemail",
            "userprincipalname",
            "upn",
        ],
    ),
    (
        "department",
        &[
            "department",
            "team",
            "division",
            "organisation",
            "organization",
            "orgunit",
            "businessunit",
            "costcentrename",
            "subcompany",
            "supervisoryorganization",
        ],
    ),
    (
        "previous_department",
        &[
            "previousdepartment",
            "previousteam",
            "formerdepartment",
            "olddepartment",
        ],
    ),
    (
        "moved_on",
        &[
            "movedon",
            "movedate",
            "datemoved",
            "transferdate",
            "lasttransferdate",
            "departmentchangedate",
            "jobinformationdate",
            "positionstartdate",
            "assignmentstartdate",
            "effectivedate",
        ],
    ),
    (
        "job_title",
        &[
            "jobtitle",
            "position",
            "positiontitle",
            "positionname",
            "role",
            "job",
            "jobname",
            "title",
        ],
    ),
    (
        "manager",
        &[
            "manager",
            "linemanager",
            "reportsto",
            "reportingto",
            "supervisor",
            "supervisorname",
            "managername",
            "manageremail",
            "managerid",
            "manageremployeenumber",
            "supervisoremployeenumber",
        ],
    ),
    (
        "kind",
        &[
            "kind",
            "employmenttype",
            "employeetype",
            "workertype",
            "contracttype",
            "employmentcontract",
            "employmentcategory",
            "assignmentcategory",
            "engagementtype",
            "typeofemployment",
        ],
    ),
    (
        "person_type",
        &["persontype", "userpersontype", "systempersontype"],
    ),
    (
        "status",
        &[
            "status",
            "employmentstatus",
            "employeestatus",
            "assignmentstatus",
            "lifecyclestatus",
            "workerstatus",
            "internalstatus",
            "active",
            "isactive",
            "currentemployee",
        ],
    ),
    (
        "primary",
        &[
            "primaryassignment",
            "primaryassignmentflag",
            "primary",
            "primaryflag",
        ],
    ),
    (
        "started_on",
        &[
            "startedon",
            "startdate",
            "hiredate",
            "dateofhire",
            "datehired",
            "originalhiredate",
            "lateststartdate",
            "employmentstartdate",
            "joindate",
            "joiningdate",
            "joined",
            "datejoined",
            "dateofjoining",
            "continuousservicedate",
            "contractstartdate",
            "firstday",
            "started",
        ],
    ),
    (
        "left_on",
        &[
            "lefton",
            "leavingdate",
            "leavedate",
            "leaverdate",
            "dateleft",
            "dateofleaving",
            "terminationdate",
            "actualterminationdate",
            "terminationeffectivedate",
            "employmentenddate",
            "enddate",
            "lastday",
            "lastworkingday",
            "lastdayofwork",
            "finaldate",
            "exitdate",
            "contractenddate",
            "assignmentenddate",
            "left",
        ],
    ),
];

/// Whether a status or person type says that employment is over. A cell of a column `Active`
/// holds a plain no.
pub(super) fn is_over(status: &str) -> bool {
    const WORDS: [&str; 16] = [
        "inactive",
        "terminated",
        "terminate assignment",
        "terminate process assignment",
        "former",
        "former employee",
        "former worker",
        "left",
        "leaver",
        "resigned",
        "dismissed",
        "retired",
        "deceased",
        "no",
        "false",
        "n",
    ];
    let status = status.to_lowercase();
    let status = status.trim();
    status.starts_with("ex_")
        || status.starts_with("ex-")
        || status.starts_with("ex ")
        || status == "0"
        || WORDS.contains(&status)
}

/// Whether a cell says yes.
pub(super) fn is_yes(text: &str) -> bool {
    ["yes", "y", "true", "1", "primary"].contains(&text.to_lowercase().as_str())
}

/// The kind of engagement in our words, or as the source says.
pub(super) fn kind(text: &str) -> String {
    let lower = text.to_lowercase();
    let word = lower.trim_start_matches("ex_").trim_start_matches("ex-");
    let ours = match word.split('.').next().unwrap_or_default() {
        "emp" | "employee" => "employee",
        "cwk" | "contractor" | "contingent worker" | "freelancer" | "freelance" => "contractor",
        "agency" | "agency worker" => "agency",
        "volunteer" => "volunteer",
        _ => text,
    };
    ours.to_owned()
}
